using System.Security.Cryptography;
using MailKit;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Outbox;

/// <summary>
/// Delivers one message at a time to the receiver of its kind, at least once. Receivers are idempotent, except that a crash may cause a
/// mail to be sent twice.
/// </summary>
internal sealed partial class OutboxDelivery(
    AccountsDb db, IServiceProvider receivers, AccountsMetrics metrics, TimeProvider clock, ILogger<OutboxDelivery> logger)
{
    /// <summary>
    /// Claims the next due message and delivers it. The claim moves the next attempt into the future (250 ms, doubled each time up to 15
    /// s; always 30 s for mail). No lock is held during delivery, so it cannot deadlock with a page that holds the row's lock. Returns
    /// false when nothing is due.
    /// </summary>
    public async Task<bool> DeliverNextAsync(OutboxKind[] kinds, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var numbers = kinds.Select(kind => (int)kind).ToArray();
        var claimed = await db.Outbox.FromSql(
            $"""
            update accounts.outbox set
              attempts = attempts + 1,
              next_attempt_at = {now} + case when kind = 3 then interval '30 seconds'
                else least(interval '15 seconds', interval '250 milliseconds' * power(2, least(attempts, 10))) end
            where id = (
              select id from accounts.outbox where kind = any({numbers}) and next_attempt_at <= {now}
              order by next_attempt_at, id limit 1 for update skip locked)
            returning *
            """).AsNoTracking().ToListAsync(cancellationToken);
        if (claimed is not [var message])
        {
            return false;
        }

        try
        {
            metrics.Delivered(message.Kind.MetricName(), await DeliverAsync(message, cancellationToken) ? "delivered" : "dropped");
        }
        catch (Exception exception) when (exception is RedisUnavailableException or HttpRequestException or IOException
            or ProtocolException or System.Net.Sockets.SocketException or ServiceNotConnectedException or ServiceNotAuthenticatedException
            or CommandException or MailKit.Security.AuthenticationException or MailKit.Security.SslHandshakeException or TimeoutException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            metrics.Delivered(message.Kind.MetricName(), "failed");
            LogNotTaken(logger, message.Kind, message.SubjectId, message.Attempts, exception.Message);
        }

        return true;
    }

    /// <summary>False for a message that no receiver can read; it is dropped.</summary>
    private async Task<bool> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var readable = true;
        var receiver = receivers.GetRequiredKeyedService<IOutboxReceiver>(message.Kind);
        try
        {
            if (!await receiver.TakeAsync(message, cancellationToken))
            {
                return true;
            }
        }
        catch (CryptographicException exception)
        {
            readable = false;
            LogUnreadable(logger, message.Kind, exception.Message); // No later attempt can open it, and its links would not work.
        }

        await db.Outbox.Where(m => m.Id == message.Id).ExecuteDeleteAsync(cancellationToken);
        return readable;
    }

    [LoggerMessage(1, LogLevel.Warning,
        "{Kind} message about {SubjectId} was not taken at attempt {Attempt}; the outbox tries again. {Reason}")]
    private static partial void LogNotTaken(ILogger logger, OutboxKind kind, Guid subjectId, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Error, "A {Kind} message cannot be opened and is dropped: were the peppers changed? {Reason}")]
    private static partial void LogUnreadable(ILogger logger, OutboxKind kind, string reason);
}
