using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Stripe;
using Stripe.Checkout;
using Tollgate.Billing.Ledger;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Books the outcome of a Stripe session. Always fetches the session instead of trusting an event. Books it only if it belongs to one of
/// our checkouts and matches its amount, currency and organization. Books each payment intent at most once.
/// </summary>
internal sealed partial class CheckoutSettlement(
    NpgsqlDataSource dataSource, IStripeClient stripe, TimeProvider clock, ILogger<CheckoutSettlement> logger)
{
    /// <summary>Fetches the session and books its outcome. Repeated, reordered and concurrent calls book it once.</summary>
    /// <exception cref="StripeException">Stripe did not answer.</exception>
    public async Task SettleAsync(string sessionId, CancellationToken cancellationToken)
    {
        var session = await new SessionService(stripe).GetAsync(sessionId, cancellationToken: cancellationToken);
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RememberAsync(connection, session, cancellationToken);
        var checkouts = await connection.ReadRowsAsync(
            """
            select id, organization_id, amount_usd, state from checkouts
            where session_id = $1 or (session_id is null and id = $2) for update
            """,
            row => new Checkout(row.GetGuid(0), row.GetGuid(1), row.GetInt32(2), row.GetString(3)),
            cancellationToken,
            session.Id, Id(session, CheckoutDesk.CheckoutKey));
        if (checkouts is not [var checkout])
        {
            LogUnknown(logger, session.Id);
            return;
        }

        // A paid checkout never changes back, so a late "expired" cannot undo a payment.
        if (session.PaymentStatus == "paid" && checkout.State != "paid")
        {
            await BookAsync(connection, checkout, session, cancellationToken);
        }
        else if (session.Status == "expired" && checkout.State == "open")
        {
            await connection.ExecuteAsync("update checkouts set state = 'expired' where id = $1", cancellationToken, checkout.Id);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task BookAsync(NpgsqlConnection connection, Checkout checkout, Session session, CancellationToken cancellationToken)
    {
        if (session.Currency != "usd" || session.AmountTotal != checkout.AmountUsd * 100L
            || session.PaymentIntentId is not { Length: > 0 } payment
            || session.Metadata.GetValueOrDefault(CheckoutDesk.OrganizationKey) != checkout.OrganizationId.ToString("N")
            || session.Metadata.GetValueOrDefault(CheckoutDesk.CheckoutKey) != checkout.Id.ToString("N"))
        {
            await connection.ExecuteAsync("update checkouts set state = 'parked' where id = $1", cancellationToken, checkout.Id);
            LogParked(logger, session.Id, checkout.Id);
            return;
        }

        var now = clock.GetUtcNow();
        await connection.ExecuteAsync(
            "insert into wallets (organization_id, name) values ($1, '') on conflict do nothing", cancellationToken,
            checkout.OrganizationId);
        var credit = new WalletCredit(
            checkout.OrganizationId,
            "top_up",
            string.Create(CultureInfo.InvariantCulture, $"Top-up of {checkout.AmountUsd} USD by card"),
            "stripe_clearing",
            checkout.AmountUsd,
            "stripe:" + payment,
            now);
        var booked = await LedgerPosting.CreditAsync(connection, credit, cancellationToken);
        await connection.ExecuteAsync(
            "update checkouts set state = 'paid', payment_intent = $2, paid_at = $3, session_id = $4 where id = $1",
            cancellationToken,
            checkout.Id, payment, now, session.Id);
        if (booked is not null)
        {
            LogBooked(logger, checkout.AmountUsd, checkout.OrganizationId, payment);
        }
    }

    /// <summary>
    /// Recreates a checkout that a restored database has lost. Only our API key creates sessions, so the metadata of a paid one can be
    /// trusted.
    /// </summary>
    private static async Task RememberAsync(NpgsqlConnection connection, Session session, CancellationToken cancellationToken)
    {
        if (session.PaymentStatus == "paid" && Id(session, CheckoutDesk.CheckoutKey) is { } checkout
            && Id(session, CheckoutDesk.OrganizationKey) is { } organization
            && session.AmountTotal is >= 500 and <= 1_000_000 && session.AmountTotal % 100 == 0)
        {
            await connection.ExecuteAsync(
                """
                insert into checkouts (id, organization_id, amount_usd, email, return_url, session_id) values ($1, $2, $3, $4, '', $5)
                on conflict do nothing
                """,
                cancellationToken,
                checkout, organization, (int)(session.AmountTotal.Value / 100), session.CustomerEmail ?? "", session.Id);
        }
    }

    /// <summary>Reads an id from the session's metadata; null when the session is not ours.</summary>
    internal static Guid? Id(Session session, string name) =>
        session.Metadata is not null && Guid.TryParseExact(session.Metadata.GetValueOrDefault(name), "N", out var id) ? id : null;

    private sealed record Checkout(Guid Id, Guid OrganizationId, int AmountUsd, string State);

    [LoggerMessage(1, LogLevel.Information, "{AmountUsd} dollars of payment {Payment} are booked to organization {OrganizationId}.")]
    private static partial void LogBooked(ILogger logger, int amountUsd, Guid organizationId, string payment);

    [LoggerMessage(2, LogLevel.Error, "Session {Session} is paid, but does not match checkout {CheckoutId}; the checkout is parked.")]
    private static partial void LogParked(ILogger logger, string session, Guid checkoutId);

    [LoggerMessage(3, LogLevel.Warning, "Session {Session} belongs to no checkout.")]
    private static partial void LogUnknown(ILogger logger, string session);
}
