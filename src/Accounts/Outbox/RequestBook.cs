using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Outbox;

/// <summary>Stores the requests of people that a page accepts and the outbox carries out.</summary>
internal sealed class RequestBook(AccountsDb db, SealedPayloads payloads, OutboxSignal signal, TimeProvider clock)
{
    /// <summary>Commits a request.</summary>
    public async Task AddAsync<T>(OutboxKind kind, T payload, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        db.Outbox.Add(OutboxMessage.Create(kind, Guid.CreateVersion7(now), now, payloads.Seal(payload)));
        await db.SaveChangesAsync(cancellationToken);
        signal.Raise();
    }

    /// <summary>Deletes a request in the caller's transaction. Returns false when it was already carried out.</summary>
    public async Task<bool> TakeAsync(Guid messageId, CancellationToken cancellationToken) =>
        await db.Outbox.Where(m => m.Id == messageId).ExecuteDeleteAsync(cancellationToken) > 0;

    /// <summary>Opens the request in a message.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The key that sealed the request is lost.</exception>
    public T Open<T>(OutboxMessage message) => payloads.Open<T>(message.Payload!);

    /// <summary>Wakes the outbox after the caller's commit.</summary>
    public void Wake() => signal.Raise();
}
