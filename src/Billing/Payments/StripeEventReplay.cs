using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Stripe;
using Stripe.Checkout;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Reads Stripe's own list of completed checkouts and books what never arrived here: webhooks that were lost for good, and whatever a
/// restored database has forgotten. Those that are processed already cost one look into the inbox.
/// </summary>
internal sealed partial class StripeEventReplay(
    NpgsqlDataSource dataSource, CheckoutSettlement settlement, IStripeClient stripe, IOptions<StripeOptions> options, TimeProvider clock,
    ILogger<StripeEventReplay> logger)
    : RecurringWork(TimeSpan.FromMinutes(5), clock, logger)
{
    private static readonly TimeSpan LooksBack = TimeSpan.FromDays(3);
    private readonly TimeProvider _clock = clock;

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ApiKey.Length == 0)
        {
            return;
        }

        try
        {
            var list = new EventListOptions
            {
                Type = "checkout.session.completed",
                Created = new DateRangeOptions { GreaterThanOrEqual = (_clock.GetUtcNow() - LooksBack).UtcDateTime },
                Limit = 100,
            };
            await foreach (var known in new EventService(stripe).ListAutoPagingAsync(list, cancellationToken: cancellationToken))
            {
                if (known.Data.Object is Session session && !await IsProcessedAsync(known.Id, cancellationToken))
                {
                    await settlement.SettleAsync(session.Id, cancellationToken);
                    await MarkAsync(known, cancellationToken);
                    LogReplayed(logger, known.Id);
                }
            }
        }
        catch (Exception exception) when (exception is StripeException or HttpRequestException)
        {
            LogUnanswered(logger, exception.Message);
        }
    }

    private async Task<bool> IsProcessedAsync(string eventId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ReadValueAsync<bool>(
            "select exists (select from stripe_inbox where event_id = $1 and processed_at is not null)", cancellationToken, eventId);
    }

    private async Task MarkAsync(Event known, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            insert into stripe_inbox (event_id, type, payload, processed_at) values ($1, $2, $3, now())
            on conflict (event_id) do update set processed_at = coalesce(stripe_inbox.processed_at, excluded.processed_at)
            """,
            cancellationToken,
            known.Id, known.Type, known.ToJson());
    }

    [LoggerMessage(11, LogLevel.Information, "Stripe's event {EventId} had not arrived; it is booked now.")]
    private static partial void LogReplayed(ILogger logger, string eventId);

    [LoggerMessage(12, LogLevel.Warning, "Stripe's list of events cannot be read: {Reason}")]
    private static partial void LogUnanswered(ILogger logger, string reason);
}
