using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// Writes committed keys to Redis under a shared lock of the row. A change of the row waits for the lock, but publishers do not wait for
/// each other: after Redis loses its data, every gateway asks for every key, and all keys of an organization share one policy. Locks the
/// key first, then the policy.
/// </summary>
internal sealed partial class KeyPublisher(
    AccountsDb db, RedisRecords redis, PolicyPublisher policies, OutboxSignal signal, ILogger<KeyPublisher> logger) : IOutboxReceiver
{
    /// <summary>Publishes a committed change, even if the browser has disconnected.</summary>
    public async Task<RecordChange> PublishChangeAsync(Guid keyId)
    {
        try
        {
            await PublishAsync(keyId, CancellationToken.None);
            return RecordChange.Acknowledged;
        }
        catch (RedisUnavailableException exception)
        {
            LogQueued(logger, keyId, exception.Message);
            signal.Raise();
            return RecordChange.Queued;
        }
    }

    /// <summary>
    /// Writes the key and its organization's policy, and returns the records that Redis then holds. Returns null when the key never
    /// existed.
    /// </summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge.</exception>
    public async Task<ResolvedKey?> ResolveAsync(string publicId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // The gateway does not know yet whose key it is.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var found = await LockAsync($"select * from accounts.api_keys where public_id = {publicId} for share", cancellationToken);
        if (found is not [var key])
        {
            return null;
        }

        var policy = await policies.WriteAsync(key.OrganizationId, cancellationToken)
            ?? throw new InvalidOperationException($"Organization {key.OrganizationId} has no policy.");
        var record = await redis.WriteAsync(key.ToRecord(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ResolvedKey(record, policy);
    }

    /// <summary>Publishes the key of the message's subject.</summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge; the outbox keeps the message.</exception>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        await PublishAsync(message.SubjectId, cancellationToken);
        return false;
    }

    /// <summary>Writes the key and deletes all its messages, including older ones.</summary>
    private async Task PublishAsync(Guid keyId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var key in await LockAsync($"select * from accounts.api_keys where id = {keyId} for share", cancellationToken))
        {
            await redis.WriteAsync(key.ToRecord(), cancellationToken);
        }

        await db.StrikeOffAsync(OutboxKind.Key, keyId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private Task<List<ApiKey>> LockAsync(FormattableString sql, CancellationToken cancellationToken) =>
        db.ApiKeys.FromSql(sql).AsNoTracking().ToListAsync(cancellationToken);

    [LoggerMessage(1, LogLevel.Warning, "Redis has not acknowledged key {KeyId}; the outbox tries again. {Reason}")]
    private static partial void LogQueued(ILogger logger, Guid keyId, string reason);
}
