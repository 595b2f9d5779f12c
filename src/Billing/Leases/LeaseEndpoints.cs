using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Billing.Restores;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Leases;

/// <summary>Endpoint where tills ask for money.</summary>
internal static class LeaseEndpoints
{
    /// <summary>2^53: the most that a till can count.</summary>
    private const long MostNanoUsd = 9_007_199_254_740_992;

    public static IServiceCollection AddLeases(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<LeaseOptions>, LeaseOptionsValidator>();
        services.AddOptions<LeaseOptions>().BindConfiguration(LeaseOptions.Section).ValidateOnStart();
        services.AddSingleton<LeaseDesk>();
        services.AddSingleton<FenceReclaim>();
        services.AddHostedService(provider => provider.GetRequiredService<FenceReclaim>());
        return services;
    }

    public static IEndpointRouteBuilder MapLeases(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/leases", "gateway").ExchangeBeats().MapPost("", AskAsync);
        return routes;
    }

    internal static async Task<Results<Ok<Lease>, ValidationProblem>> AskAsync(
        LeaseRequest request, LeaseDesk desk, CancellationToken cancellationToken)
    {
        if (request.NeedNanoUsd is < 0 or > MostNanoUsd || request.SpendPerMinuteNanoUsd is < 0 or > MostNanoUsd
            || request.Till is { SpentNanoUsd: < 0 or > MostNanoUsd } or { HeldNanoUsd: < 0 or > MostNanoUsd })
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["needNanoUsd"] = ["Need, spend and what the till counts must lie between 0 and 2^53 nano-dollars."],
            });
        }

        return TypedResults.Ok(await desk.AskAsync(request, cancellationToken));
    }
}
