using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Stripe;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Asks Stripe about checkouts that stay open, in case their webhook was lost. Instances share the work by skipping locked rows.
/// </summary>
internal sealed partial class CheckoutPoll(
    NpgsqlDataSource dataSource, CheckoutSettlement settlement, IOptions<StripeOptions> options, TimeProvider clock,
    ILogger<CheckoutPoll> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(5)), clock, logger)
{
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ApiKey.Length == 0)
        {
            return;
        }

        List<string> sessions;
        await using (var connection = await dataSource.OpenForAllAsync(cancellationToken))
        {
            // Reschedules before asking, so a crash here only delays the checkout to its next turn. The pause grows with the checkout's
            // age, up to an hour.
            sessions = await connection.ReadRowsAsync(
                """
                update checkouts c set next_poll_at = now() + greatest($1, least(now() - c.created_at, interval '1 hour'))
                from (select id from checkouts where state = 'open' and session_id is not null and next_poll_at <= now()
                      order by next_poll_at limit 20 for update skip locked) due
                where c.id = due.id
                returning c.session_id
                """,
                row => row.GetString(0),
                cancellationToken,
                options.Value.AskAfter);
        }

        foreach (var session in sessions)
        {
            try
            {
                await settlement.SettleAsync(session, cancellationToken);
            }
            catch (StripeException exception)
            {
                LogUnanswered(logger, session, exception.Message);
            }
        }
    }

    [LoggerMessage(11, LogLevel.Warning, "Stripe gives no answer about session {Session}: {Reason}")]
    private static partial void LogUnanswered(ILogger logger, string session, string reason);
}
