using Microsoft.EntityFrameworkCore;

namespace Tollgate.Accounts.Outbox;

/// <summary>Requests of people that a page writes down and the outbox carries out.</summary>
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

    /// <summary>Strikes a request off in the caller's transaction. False when somebody has carried it out already.</summary>
    public async Task<bool> TakeAsync(Guid messageId, CancellationToken cancellationToken) =>
        await db.Outbox.Where(m => m.Id == messageId).ExecuteDeleteAsync(cancellationToken) > 0;

    /// <summary>What the caller committed is sent at once.</summary>
    public void Wake() => signal.Raise();
}
