using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Contracts.Catalogue;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Canaries;

/// <summary>Registers canaries, and the endpoint through which gateways report how versions do.</summary>
internal static class CanarySetup
{
    private const int MostVersions = 1000;
    private const int LongestName = 100;
    private const long MostRequests = 1_000_000_000;

    public static void AddCanaries(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<MeasureBook>();
        builder.Services.AddScoped<IExpiringRows>(services => services.GetRequiredService<MeasureBook>());
        builder.Services.AddScoped<CanaryDesk>();
        builder.Services.AddHostedService<CanaryController>();
    }

    public static void MapCanaries(this IEndpointRouteBuilder routes) =>
        routes.MapInternal(VersionReport.Path, "gateway").MapPost("", TakeAsync);

    /// <summary>Takes a gateway's report of measures. Answers 204 to one that was taken before, too.</summary>
    internal static async Task<Results<NoContent, BadRequest>> TakeAsync(
        VersionReport report, MeasureBook book, CancellationToken cancellationToken)
    {
        if (report.Sequence < 1 || report.Versions is not { Count: <= MostVersions } versions || !versions.All(IsValid))
        {
            return TypedResults.BadRequest();
        }

        await book.TakeAsync(report, cancellationToken);
        return TypedResults.NoContent();
    }

    private static bool IsValid(VersionMeasure measure) =>
        measure is { Model.Length: > 0 and <= LongestName, Version.Length: > 0 and <= LongestName, Failures: >= 0 }
        && measure.Requests >= measure.Failures && measure.Requests <= MostRequests
        && measure.Durations is { Count: DurationBuckets.Count } durations
        && durations.All(count => count >= 0 && count <= measure.Requests) && durations.Sum() <= measure.Requests;
}
