using Tollgate.Testing;

namespace Tollgate.Billing.Tests;

public sealed class InternalDoorsTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task Each_internal_endpoint_answers_its_callers_and_no_other_bearer()
    {
        var app = await billing.StartAsync();

        Assert.Equal(
            [
                "DELETE /internal/journals/{journalId:guid}: gateway",
                "DELETE /internal/prices/{version:guid}: accounts",
                "GET /admin/jobs/{**path}: accounts",
                "GET /internal/books: accounts, operator",
                "GET /internal/idempotency/{organizationId:guid}/{keyId:guid}/{keyHash}: gateway",
                "GET /internal/journals: operator, accounts",
                "GET /internal/organizations/{organizationId:guid}/checkouts/{checkoutId:guid}: accounts",
                "GET /internal/organizations/{organizationId:guid}/ledger/pages: accounts",
                "GET /internal/organizations/{organizationId:guid}/ledger: accounts, operator",
                "GET /internal/organizations/{organizationId:guid}/usage: accounts, operator",
                "GET /internal/organizations/{organizationId:guid}/wallet: accounts, operator",
                "GET /internal/prices: gateway, operator, accounts",
                "GET /internal/rejected-usage: accounts, operator",
                "GET /internal/usage: accounts, operator",
                "GET /internal/welcome-credits: accounts, operator",
                "GET /metrics: metrics, operator",
                "POST /internal/idempotency/{organizationId:guid}/{keyId:guid}/{keyHash}/withdrawal: gateway",
                "POST /internal/journals/{journalId:guid}/retire: operator, accounts",
                "POST /internal/journals: gateway",
                "POST /internal/leases: gateway",
                "POST /internal/organizations/{organizationId:guid}/checkouts: accounts",
                "POST /internal/organizations/{organizationId:guid}/usage/buckets: accounts",
                "POST /internal/organizations/{organizationId:guid}/usage/costs: learning",
                "POST /internal/organizations/{organizationId:guid}/wallet/closing: accounts",
                "POST /internal/prices/check: accounts",
                "POST /internal/prices: accounts",
                "POST /internal/rejected-usage/{organizationId:guid}/{requestId:guid}/{seq:int}: accounts, operator",
                "POST /internal/stripe/webhook: accounts",
                "POST /internal/usage: gateway",
                "PUT /internal/idempotency/{organizationId:guid}/{keyId:guid}/{keyHash}: gateway",
                "PUT /internal/organizations/{organizationId:guid}/wallet: accounts, operator",
            ],
            InternalDoors.Table(app));
        Assert.Equal(["/health/live", "/health/ready"], InternalDoors.Open(app));
        Assert.Empty(await InternalDoors.TryAllAsync(app, "billing"));
    }
}
