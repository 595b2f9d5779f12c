using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Stripe;
using Stripe.Checkout;
using Tollgate.Billing.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Takes Stripe's events. Stores each event once by its id and then fetches the session that it names, because an event is only a signal.
/// Marks the event as processed after the booking; until then, Stripe's next delivery retries it.
/// </summary>
internal sealed partial class StripeWebhook(
    NpgsqlDataSource dataSource, CheckoutSettlement settlement, IOptions<StripeOptions> options, BillingMetrics metrics,
    TimeProvider clock, ILogger<StripeWebhook> logger)
{
    private const long ToleranceSeconds = 300;

    /// <param name="body">The raw body, because the signature covers its bytes.</param>
    /// <param name="signature">Header <c>Stripe-Signature</c>.</param>
    /// <returns>False for a body that Stripe did not sign with our secret within the last five minutes.</returns>
    public async Task<bool> TakeAsync(string body, string signature, CancellationToken cancellationToken)
    {
        if (Verify(body, signature) is not { } signed)
        {
            metrics.WebhookTaken(null, "forged");
            LogForged(logger);
            return false;
        }

        var outcome = "failed";
        try
        {
            outcome = await ProcessAsync(signed, body, cancellationToken);
            return true;
        }
        finally
        {
            metrics.WebhookTaken(signed.Type, outcome);
        }
    }

    /// <returns>The outcome as metrics name it.</returns>
    private async Task<string> ProcessAsync(Event signed, string body, CancellationToken cancellationToken)
    {
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        {
            await connection.ExecuteAsync(
                "insert into stripe_inbox (event_id, type, payload) values ($1, $2, $3) on conflict do nothing",
                cancellationToken,
                signed.Id, signed.Type, body);
            var done = await connection.ReadValueAsync<bool>(
                "select processed_at is not null from stripe_inbox where event_id = $1", cancellationToken, signed.Id);
            if (done)
            {
                return "repeated";
            }
        }

        var outcome = "ignored";
        if (signed.Type.StartsWith("checkout.session.", StringComparison.Ordinal) && signed.Data.Object is Session session)
        {
            await settlement.SettleAsync(session.Id, cancellationToken);
            outcome = "processed";
        }

        await using var closing = await dataSource.OpenConnectionAsync(cancellationToken);
        await closing.ExecuteAsync("update stripe_inbox set processed_at = now() where event_id = $1", cancellationToken, signed.Id);
        return outcome;
    }

    private Event? Verify(string body, string signature)
    {
        foreach (var secret in options.Value.WebhookSecret.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                return EventUtility.ConstructEvent(
                    body, signature, secret, ToleranceSeconds, clock.GetUtcNow().ToUnixTimeSeconds(), throwOnApiVersionMismatch: false);
            }
            catch (Exception exception) when (exception is StripeException or System.Text.Json.JsonException or ArgumentException)
            {
                LogNotSigned(logger, exception.Message);
            }
        }

        return null;
    }

    [LoggerMessage(1, LogLevel.Warning, "A webhook call without Stripe's signature is refused.")]
    private static partial void LogForged(ILogger logger);

    [LoggerMessage(2, LogLevel.Debug, "One webhook secret does not fit: {Reason}")]
    private static partial void LogNotSigned(ILogger logger, string reason);
}
