using System.Text.Json;
using MailKit;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Outbox;

/// <summary>Delivers one message at a time. At least once; each receiver is idempotent,
/// but for mail, which may come twice after a crash.</summary>
internal sealed partial class OutboxDelivery(
    AccountsDb db, RecordPublisher publisher, BillingClient billing, MailDelivery mail, TimeProvider clock, ILogger<OutboxDelivery> logger)
{
    /// <summary>
    /// Claims the next due message by moving its next attempt into the future (250 ms, doubled each time up to 15 s; for mail 30 s) and
    /// delivers it. The claim holds no lock while it works, so it cannot deadlock with a
    /// page that holds the row's lock. False when nothing is due.
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
            await DeliverAsync(message, cancellationToken);
        }
        catch (Exception exception) when (exception is RedisUnavailableException or HttpRequestException or IOException
            or ProtocolException or System.Net.Sockets.SocketException or ServiceNotConnectedException or ServiceNotAuthenticatedException
            or CommandException or MailKit.Security.AuthenticationException or MailKit.Security.SslHandshakeException or TimeoutException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogNotTaken(logger, message.Kind, message.SubjectId, message.Attempts, exception.Message);
        }

        return true;
    }

    private async Task DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        switch (message.Kind)
        {
            case OutboxKind.Key:
                await publisher.PublishKeyAsync(message.SubjectId, cancellationToken);
                return; // It struck the message off itself, together with older ones of the same key.
            case OutboxKind.Policy:
                await publisher.PublishPolicyAsync(message.SubjectId, cancellationToken);
                return;
            case OutboxKind.Wallet:
                var wallet = JsonSerializer.Deserialize(message.Payload!, ContractsJson.Default.OpenWallet)!;
                await billing.OpenWalletAsync(message.SubjectId, wallet, cancellationToken);
                break;
            case OutboxKind.Mail or OutboxKind.SignUp or OutboxKind.PasswordReset:
                if (!await mail.DeliverAsync(message, cancellationToken))
                {
                    return;
                }

                break;
            default:
                throw new InvalidOperationException($"Outbox kind {message.Kind} is unknown.");
        }

        await db.Outbox.Where(m => m.Id == message.Id).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "{Kind} message about {SubjectId} was not taken at attempt {Attempt}; it is tried again. {Reason}")]
    private static partial void LogNotTaken(ILogger logger, OutboxKind kind, Guid subjectId, int attempt, string reason);
}
