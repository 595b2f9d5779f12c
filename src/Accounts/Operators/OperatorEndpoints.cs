using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Operators;

/// <summary>Endpoint for the operator's command line that creates the first account, and the registration of this slice.</summary>
internal static class OperatorEndpoints
{
    public static void AddOperators(this WebApplicationBuilder builder) => builder.Services.AddScoped<OperatorBootstrap>();

    public static void MapOperators(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/bootstrap", "operator").MapPost("", BootstrapAsync);
        routes.MapOperatorKeys();
    }

    internal static async Task<Results<JsonHttpResult<Bootstrapped>, ValidationProblem>> BootstrapAsync(
        Bootstrap order, OperatorBootstrap bootstrap, OutboxSignal signal, CancellationToken cancellationToken)
    {
        var outcome = await bootstrap.RunAsync(order, cancellationToken);
        signal.Raise();
        return outcome switch
        {
            BootstrapOutcome.Refused refused => TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { ["bootstrap"] = [.. refused.Faults] }),
            BootstrapOutcome.Made made => TypedResults.Json(
                new Bootstrapped(true, made.KeyText, made.OrganizationId), ContractsJson.Default.Bootstrapped),
            _ => TypedResults.Json(new Bootstrapped(false, null, null), ContractsJson.Default.Bootstrapped),
        };
    }
}
