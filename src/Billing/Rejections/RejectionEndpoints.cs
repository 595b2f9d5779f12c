using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Rejections;

/// <summary>Endpoints through which the operator lists, books and dismisses rejected usage.</summary>
internal static partial class RejectionEndpoints
{
    private const int LongestText = 500;

    public static IServiceCollection AddRejections(this IServiceCollection services) => services.AddSingleton<RejectionDesk>();

    public static IEndpointRouteBuilder MapRejections(this IEndpointRouteBuilder routes)
    {
        var rejected = routes.MapInternal("/internal/rejected-usage", "accounts", "operator");
        rejected.MapGet("", ListAsync);
        rejected.MapPost("/{organizationId:guid}/{requestId:guid}/{seq:int}", ResolveAsync);
        return routes;
    }

    internal static async Task<Ok<IReadOnlyList<RejectedUsage>>> ListAsync(RejectionDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.ListAsync(cancellationToken));

    internal static async Task<Results<NoContent, NotFound, ValidationProblem, ProblemHttpResult>> ResolveAsync(
        Guid organizationId, Guid requestId, int seq, ResolveRejectedUsage order, RejectionDesk desk, ILogger<RejectionDesk> logger,
        CancellationToken cancellationToken)
    {
        if (Refuse(order) is { } errors)
        {
            return TypedResults.ValidationProblem(errors);
        }

        var outcome = await desk.ResolveAsync(organizationId, requestId, seq, order, cancellationToken);
        if (outcome is RejectionOutcome.Resolved)
        {
            LogResolved(logger, requestId, organizationId, order.Resolution, order.By);
            return TypedResults.NoContent();
        }

        return outcome is RejectionOutcome.Refused refused
            ? TypedResults.Problem(refused.Reason, statusCode: StatusCodes.Status409Conflict)
            : TypedResults.NotFound();
    }

    private static Dictionary<string, string[]>? Refuse(ResolveRejectedUsage order)
    {
        var errors = new Dictionary<string, string[]>();
        if (!Enum.IsDefined(order.Resolution))
        {
            errors["resolution"] = ["1 books the usage, 2 dismisses it."];
        }

        foreach (var (name, text) in new[] { ("by", order.By), ("reason", order.Reason) })
        {
            if (string.IsNullOrWhiteSpace(text) || text.Length > LongestText || text.Contains('\0', StringComparison.Ordinal))
            {
                errors[name] = [$"1 to {LongestText} characters."];
            }
        }

        return errors.Count > 0 ? errors : null;
    }

    [LoggerMessage(1, LogLevel.Warning, "Rejected usage of request {RequestId}, organization {OrganizationId}: {Resolution} by {By}.")]
    private static partial void LogResolved(
        ILogger logger, Guid requestId, Guid organizationId, RejectedResolution resolution, string by);
}
