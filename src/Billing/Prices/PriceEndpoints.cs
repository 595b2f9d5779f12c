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

/// <summary>Setting prices, and the snapshot that gateways follow.</summary>
internal static class PriceEndpoints
{
    private const int LongestModelName = 200;

    /// <summary>Column <c>numeric(18,6)</c>; also keeps pico-dollars far below 2^63.</summary>
    private const decimal DearestPerMillion = 1_000_000_000m;

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
        routes.MapInternal("/internal/prices", "operator", "accounts").MapPost("", SetAsync);
        routes.MapInternal("/internal/prices", "gateway", "operator", "accounts")
            .MapSnapshot("", routes.ServiceProvider.GetRequiredService<SnapshotPublisher<PriceSnapshot>>());
        return routes;
    }

    internal static async Task<Results<NoContent, ValidationProblem>> SetAsync(
        SetPrice price, PriceBook book, PriceFeed feed, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(price.Model) || price.Model.Length > LongestModelName
            || price.Model.Contains('\0', StringComparison.Ordinal))
        {
            errors["model"] = [$"A model's name has 1 to {LongestModelName} characters."];
        }

        foreach (var (name, value) in new[] { ("inputPerMillion", price.InputPerMillion), ("outputPerMillion", price.OutputPerMillion) })
        {
            if (value is < 0 or > DearestPerMillion || decimal.Round(value, 6) != value)
            {
                errors[name] = ["Dollars per million units: 0 to a billion, at most six decimals."];
            }
        }

        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors);
        }

        await book.SetAsync(price, cancellationToken);
        await feed.PublishAsync(cancellationToken); // Whoever set it finds it published; other instances hear of it from Postgres.
        return TypedResults.NoContent();
    }
}
