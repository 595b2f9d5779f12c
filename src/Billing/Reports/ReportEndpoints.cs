using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Reports;

/// <summary>Endpoints for the usage reports of the portal and the operator's pages.</summary>
internal static class ReportEndpoints
{
    private static readonly TimeSpan LongestByHour = TimeSpan.FromDays(93);
    private static readonly TimeSpan LongestByDay = TimeSpan.FromDays(800);

    public static IServiceCollection AddReports(this IServiceCollection services) =>
        services.AddSingleton<UsageReports>().AddSingleton<UsageBuckets>();

    public static IEndpointRouteBuilder MapReports(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/organizations/{organizationId:guid}/usage", "accounts", "operator").MapGet("", OfOrganizationAsync);
        routes.MapInternal("/internal/organizations/{organizationId:guid}/usage/costs", "learning").MapPost("", OfRequestsAsync);
        routes.MapInternal("/internal/organizations/{organizationId:guid}/usage/buckets", "accounts").MapPost("", OfBucketsAsync);
        routes.MapInternal("/internal/usage", "accounts", "operator").MapGet("", OfAllAsync);
        return routes;
    }

    internal static async Task<Results<Ok<UsageReport>, ValidationProblem>> OfOrganizationAsync(
        Guid organizationId, DateTimeOffset from, DateTimeOffset to, UsageReports reports, CancellationToken cancellationToken,
        string bucket = "hour")
    {
        return Range(from, to, bucket) is { } range
            ? TypedResults.Ok(await reports.OfOrganizationAsync(organizationId, range, cancellationToken))
            : Refused();
    }

    internal static async Task<Results<Ok<UsageReport>, ValidationProblem>> OfAllAsync(
        DateTimeOffset from, DateTimeOffset to, UsageReports reports, CancellationToken cancellationToken, string bucket = "hour",
        string by = "")
    {
        ReportSubject? subject = by switch
        {
            "" => ReportSubject.None,
            "organization" => ReportSubject.Organization,
            "model" => ReportSubject.Model,
            _ => null,
        };
        return subject is { } known && Range(from, to, bucket) is { } range
            ? TypedResults.Ok(await reports.OfAllAsync(range, known, cancellationToken))
            : Refused();
    }

    internal static async Task<Results<Ok<RequestCosts>, ValidationProblem>> OfRequestsAsync(
        Guid organizationId, RequestCostQuery query, UsageReports reports, CancellationToken cancellationToken) =>
        query.RequestIds is { Count: <= RequestCostQuery.Most } ids
            ? TypedResults.Ok(await reports.OfRequestsAsync(organizationId, ids, cancellationToken))
            : TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["requestIds"] = [$"Name at most {RequestCostQuery.Most} requests."],
            });

    internal static async Task<Results<Ok<UsageReport>, ValidationProblem>> OfBucketsAsync(
        Guid organizationId, UsageBucketQuery query, UsageBuckets buckets, CancellationToken cancellationToken) =>
        query.To > query.From && query.To - query.From <= UsageBucketQuery.LongestOf(query.Width)
            ? TypedResults.Ok(await buckets.ReadAsync(organizationId, query, cancellationToken))
            : TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["from"] = [$"Buckets need from < to, at most {UsageBucketQuery.LongestOf(query.Width).Days} days."],
            });

    private static ReportRange? Range(DateTimeOffset from, DateTimeOffset to, string bucket)
    {
        ReportBucket? fineness = bucket switch { "hour" => ReportBucket.Hour, "day" => ReportBucket.Day, _ => null };
        var longest = fineness == ReportBucket.Day ? LongestByDay : LongestByHour;
        return fineness is { } known && to > from && to - from <= longest
            ? new ReportRange(from.ToUniversalTime(), to.ToUniversalTime(), known)
            : null;
    }

    private static ValidationProblem Refused() => TypedResults.ValidationProblem(new Dictionary<string, string[]>
    {
        ["from"] = ["A report needs from < to, at most 93 days by hour or 800 by day, and by organization, model or nothing."],
    });
}
