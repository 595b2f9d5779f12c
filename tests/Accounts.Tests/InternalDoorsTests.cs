using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests;

public sealed class InternalDoorsTests
{
    [Fact]
    public async Task Each_internal_endpoint_answers_its_callers_and_no_other_bearer()
    {
        await using var host = await AccountsHost.StartAsync();

        string[] expected =
        [
            .. AdminRoutes.All.Select(route => $"{route.Method} {route.Path}: gateway"),
            "DELETE /internal/keys/{publicId}: operator",
            "DELETE /internal/models/{model}/plan: operator",
            "DELETE /internal/prices/{version:guid}: operator",
            "GET /internal/audit/export: operator",
            "GET /internal/audit/heads: operator",
            "GET /internal/audit/verify: operator",
            "GET /internal/catalogue: gateway, inference",
            "GET /internal/keys/{publicId}/explanation: operator",
            "GET /internal/keys: operator",
            "GET /internal/models/{model}/canaries: operator",
            "GET /internal/models: operator",
            "GET /internal/workers/list: operator",
            "GET /internal/workers: gateway, billing",
            "GET /metrics: metrics, operator",
            "POST /internal/bootstrap: operator",
            "POST /internal/keys/resolve: gateway",
            "POST /internal/keys/uses: gateway",
            "POST /internal/keys: operator",
            "POST /internal/models/measures: gateway",
            "POST /internal/models/{model}/canary/promote: operator",
            "POST /internal/models/{model}/canary/rollback: operator",
            "POST /internal/models/{model}/canary: operator",
            "POST /internal/models/{model}/load: operator",
            "POST /internal/models/{model}/shadow: operator",
            "POST /internal/models/{model}/unload: operator",
            "POST /internal/models/{model}/weights: operator",
            "POST /internal/prices: operator",
            "POST /internal/workers/{id}/drain: operator",
            "POST /internal/workers/{id}/forget: operator",
            "POST /internal/workers/{id}/leave: inference",
            "POST /internal/workers/{id}/undrain: operator",
            "POST /internal/workers: inference",
            "POST /v2/repository/index: operator",
            "POST /v2/repository/models/{model}/load: operator",
            "POST /v2/repository/models/{model}/unload: operator",
        ];

        Assert.Equal(expected.Order(StringComparer.Ordinal), InternalDoors.Table(host.App).Order(StringComparer.Ordinal));
        Assert.Empty(await InternalDoors.TryAllAsync(host.App, "accounts"));
    }
}
