using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Billing.Prices;

/// <summary>
/// Endpoints to set, schedule and withdraw prices, and the snapshot that gateways follow. Orders come from Accounts alone, which writes an
/// audit entry for each one.
/// </summary>
internal static class PriceEndpoints
{
    public static IServiceCollection AddPrices(this IServiceCollection services)
    {
        services.AddSingleton<PriceBook>();
        services.AddSingleton(provider => new SnapshotPublisher<PriceSnapshot>(
            ContractsJson.Default.PriceSnapshot, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PriceFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<PriceFeed>());
        return services;
    }

    public static IEndpointRouteBuilder MapPrices(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapInternal("/internal/prices", "accounts");
        orders.MapPost("", SetAsync);
        orders.MapPost("/check", Check);
        orders.MapDelete("/{version:guid}", WithdrawAsync);
        routes.MapInternal("/internal/prices", "gateway", "operator", "accounts")
            .MapSnapshot("", routes.ServiceProvider.GetRequiredService<SnapshotPublisher<PriceSnapshot>>());
        return routes;
    }

    internal static async Task<Results<NoContent, ValidationProblem>> SetAsync(
        SetPrice price, PriceBook book, PriceFeed feed, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = PriceRules.FindFaults(price, clock.GetUtcNow());
        if (faults.Count > 0)
        {
            return TypedResults.ValidationProblem(faults);
        }

        await book.SetAsync(price, cancellationToken);
        await feed.PublishAsync(cancellationToken); // Publishes here at once; Postgres notifies the other instances.
        return TypedResults.NoContent();
    }

    /// <summary>Lists everything wrong with an order and changes nothing.</summary>
    internal static Results<NoContent, ValidationProblem> Check(SetPrice price, TimeProvider clock) =>
        PriceRules.FindFaults(price, clock.GetUtcNow()) is { Count: > 0 } faults
            ? TypedResults.ValidationProblem(faults)
            : TypedResults.NoContent();

    /// <summary>Withdraws a scheduled price. Answers 409 if it is or was in force, 404 if it is unknown or already withdrawn.</summary>
    internal static async Task<Results<NoContent, NotFound, ProblemHttpResult>> WithdrawAsync(
        Guid version, PriceBook book, PriceFeed feed, CancellationToken cancellationToken)
    {
        switch (await book.WithdrawAsync(version, cancellationToken))
        {
            case PriceWithdrawal.Withdrawn:
                await feed.PublishAsync(cancellationToken);
                return TypedResults.NoContent();
            case PriceWithdrawal.TooLate:
                return TypedResults.Problem(
                    "The price is in force already and cannot be withdrawn. Set another one.", statusCode: StatusCodes.Status409Conflict);
            default:
                return TypedResults.NotFound();
        }
    }
}
