using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stripe;
using Stripe.Checkout;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Reads Stripe's own list of completed sessions and books what never arrived here: webhooks that were lost for good, and whatever a
/// restored database has forgotten. Stripe keeps sessions for good, events for 30 days only. After a start, and when another database
/// answers, it looks back far enough for the oldest backup; otherwise a few days. Those that are booked cost one look each.
/// </summary>
internal sealed partial class CheckoutReplay(
    RestoreWatch restores, CheckoutSettlement settlement, IStripeClient stripe, IOptions<StripeOptions> options, TimeProvider clock,
    ILogger<CheckoutReplay> logger)
    : RecurringWork(TimeSpan.FromMinutes(5), clock, logger)
{
    private static readonly TimeSpan LooksBackInBetween = TimeSpan.FromDays(3);
    private readonly TimeProvider _clock = clock;
    private string? _replayedInto; // The database that knows all of the long look back.

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ApiKey.Length == 0)
        {
            return;
        }

        try
        {
            var database = await ReadDatabaseAsync(cancellationToken);
            var since = _clock.GetUtcNow() - (database == _replayedInto ? LooksBackInBetween : options.Value.LookBack);
            var list = new SessionListOptions
            {
                Status = "complete", Created = new DateRangeOptions { GreaterThanOrEqual = since.UtcDateTime }, Limit = 100,
            };
            await foreach (var session in new SessionService(stripe).ListAutoPagingAsync(list, cancellationToken: cancellationToken))
            {
                if (CheckoutSettlement.Id(session, CheckoutDesk.CheckoutKey) is { } checkout
                    && !await IsSettledAsync(checkout, cancellationToken))
                {
                    await settlement.SettleAsync(session.Id, cancellationToken);
                    LogReplayed(logger, session.Id);
                }
            }

            _replayedInto = database;
        }
        catch (Exception exception) when (exception is StripeException or HttpRequestException)
        {
            LogUnanswered(logger, exception.Message);
        }
    }

    private async Task<string> ReadDatabaseAsync(CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(cancellationToken);
        return await restores.RecognizeAsync(connection, cancellationToken);
    }

    private async Task<bool> IsSettledAsync(Guid checkout, CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(cancellationToken);
        return await connection.ReadValueAsync<bool>(
            "select exists (select from checkouts where id = $1 and state in ('paid', 'parked'))", cancellationToken, checkout);
    }

    [LoggerMessage(11, LogLevel.Information, "Stripe's session {Session} was complete without a word here; it is settled now.")]
    private static partial void LogReplayed(ILogger logger, string session);

    [LoggerMessage(12, LogLevel.Warning, "Stripe's list of sessions cannot be read: {Reason}")]
    private static partial void LogUnanswered(ILogger logger, string reason);
}
