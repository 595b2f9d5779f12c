using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stripe;
using Stripe.Checkout;
using Tollgate.Billing.Jobs;
using Tollgate.Billing.Restores;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Reads Stripe's list of completed sessions and books those that are not settled here: their webhook was lost, or a restored database has
/// forgotten them. Stripe keeps sessions for good, but events for only 30 days. Looks back <see cref="StripeOptions.LookBack"/> after a
/// start and after a restore, otherwise 3 days. A session that is already settled costs one query.
/// </summary>
internal sealed partial class CheckoutReplay(
    RestoreWatch restores, CheckoutSettlement settlement, IStripeClient stripe, IOptions<StripeOptions> options, TimeProvider clock,
    ILogger<CheckoutReplay> logger)
    : IScheduledJob
{
    private static readonly TimeSpan LooksBackInBetween = TimeSpan.FromDays(3);
    private string? _replayedInto; // The database into which the long look-back was replayed.

    /// <exception cref="StripeException">Stripe does not answer.</exception>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ApiKey.Length == 0)
        {
            return;
        }

        var database = await ReadDatabaseAsync(cancellationToken);
        var since = clock.GetUtcNow() - (database == _replayedInto ? LooksBackInBetween : options.Value.LookBack);
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

    private async Task<string> ReadDatabaseAsync(CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.All, cancellationToken);
        return await restores.RecognizeAsync(connection, cancellationToken);
    }

    private async Task<bool> IsSettledAsync(Guid checkout, CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.All, cancellationToken);
        return await connection.ReadValueAsync<bool>(
            "select exists (select from checkouts where id = $1 and state in ('paid', 'parked'))", cancellationToken, checkout);
    }

    [LoggerMessage(11, LogLevel.Information, "Stripe's session {Session} was complete without a word here; it is settled now.")]
    private static partial void LogReplayed(ILogger logger, string session);
}
