using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;
using Stripe;
using Stripe.Checkout;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Payments;

/// <summary>
/// Starts top-ups. The page's request id serves as the checkout's id and Stripe's idempotency key, so a form sent twice yields one
/// session.
/// </summary>
internal sealed class CheckoutDesk(NpgsqlDataSource dataSource, IStripeClient stripe)
{
    /// <summary>Name of the session's metadata that holds the organization.</summary>
    public const string OrganizationKey = "organization_id";

    /// <summary>Name of the session's metadata that holds the checkout.</summary>
    public const string CheckoutKey = "checkout_id";

    /// <summary>Finds a checkout of the organization; null when it has none with that id.</summary>
    public async Task<CheckoutState?> FindAsync(Guid organizationId, Guid checkoutId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        var found = await connection.ReadRowsAsync(
            "select amount_usd, state, created_at from checkouts where id = $1 and organization_id = $2",
            row => new CheckoutState(row.GetInt32(0), Progress(row.GetString(1)), row.GetFieldValue<DateTimeOffset>(2)),
            cancellationToken,
            checkoutId, organizationId);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>Starts a checkout. Returns null when the request id belongs to another amount or another organization.</summary>
    /// <exception cref="StripeException">Stripe refused or did not answer; a retry with the same request id is safe.</exception>
    public async Task<CheckoutStarted?> StartAsync(Guid organizationId, StartCheckout checkout, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        await connection.ExecuteAsync(
            """
            insert into checkouts (id, organization_id, amount_usd, email, return_url) values ($1, $2, $3, $4, $5)
            on conflict (id) do nothing
            """,
            cancellationToken,
            checkout.RequestId, organizationId, checkout.AmountUsd, checkout.Email, checkout.ReturnUrl);
        // Uses the stored e-mail and address: Stripe refuses an idempotency key that comes with other parameters.
        var known = await connection.ReadRowsAsync(
            "select url, email, return_url from checkouts where id = $1 and organization_id = $2 and amount_usd = $3",
            row => (Url: row.IsDBNull(0) ? null : row.GetString(0), Email: row.GetString(1), ReturnUrl: row.GetString(2)),
            cancellationToken,
            checkout.RequestId, organizationId, checkout.AmountUsd);
        if (known is not [var (url, email, returnUrl)])
        {
            return null;
        }

        if (url is null)
        {
            checkout = checkout with { Email = email, ReturnUrl = returnUrl };
            var session = await CreateSessionAsync(organizationId, checkout, cancellationToken);
            await connection.ExecuteAsync(
                "update checkouts set session_id = $2, url = $3 where id = $1", cancellationToken, checkout.RequestId, session.Id,
                session.Url);
            url = session.Url;
        }

        return new CheckoutStarted(url);
    }

    private static CheckoutProgress Progress(string state) => state switch
    {
        "paid" => CheckoutProgress.Paid,
        "expired" => CheckoutProgress.Expired,
        "parked" => CheckoutProgress.Parked,
        _ => CheckoutProgress.Open,
    };

    private async Task<Session> CreateSessionAsync(Guid organizationId, StartCheckout checkout, CancellationToken cancellationToken)
    {
        var metadata = new Dictionary<string, string>
        {
            [OrganizationKey] = organizationId.ToString("N"),
            [CheckoutKey] = checkout.RequestId.ToString("N"),
        };
        var options = new SessionCreateOptions
        {
            Mode = "payment",
            CustomerEmail = checkout.Email,
            ClientReferenceId = organizationId.ToString("N"),
            SuccessUrl = QueryHelpers.AddQueryString(checkout.ReturnUrl, "checkout", "success"),
            CancelUrl = QueryHelpers.AddQueryString(checkout.ReturnUrl, "checkout", "cancelled"),
            LineItems =
            [
                new SessionLineItemOptions
                {
                    Quantity = 1,
                    PriceData = new SessionLineItemPriceDataOptions
                    {
                        Currency = "usd",
                        UnitAmount = checkout.AmountUsd * 100L,
                        ProductData = new SessionLineItemPriceDataProductDataOptions
                        {
                            Name = string.Create(CultureInfo.InvariantCulture, $"Tollgate credit, {checkout.AmountUsd} USD"),
                        },
                    },
                },
            ],
            Metadata = metadata,
            PaymentIntentData = new SessionPaymentIntentDataOptions { Metadata = metadata },
        };
        return await new SessionService(stripe).CreateAsync(
            options, new RequestOptions { IdempotencyKey = $"checkout:{checkout.RequestId:N}" }, cancellationToken);
    }
}
