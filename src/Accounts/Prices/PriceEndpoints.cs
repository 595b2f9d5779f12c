using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Prices;

/// <summary>
/// Endpoints through which the operator's command line orders prices. The orders pass the same desk as those of the pages.
/// </summary>
internal static class PriceEndpoints
{
    public static void MapPrices(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapInternal("/internal/prices", "operator");
        orders.MapPost("", SetAsync);
        orders.MapDelete("/{version:guid}", WithdrawAsync);
    }

    /// <summary>Sets or schedules a price. Answers 400 with all faults by member, 503 while Billing is away.</summary>
    internal static async Task<Results<NoContent, ValidationProblem, ProblemHttpResult>> SetAsync(
        SetPrice order, PriceDesk desk, CancellationToken cancellationToken)
    {
        var (complete, faults) = await desk.CheckAsync(order, cancellationToken);
        if (faults.Count == 0)
        {
            faults = await desk.SetAsync(complete, actorId: null, cancellationToken);
        }

        if (faults.FirstOrDefault(fault => fault.Member.Length == 0) is { } general)
        {
            return TypedResults.Problem(general.Text, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        return faults.Count == 0
            ? TypedResults.NoContent()
            : TypedResults.ValidationProblem(faults.GroupBy(fault => JsonNamingPolicy.CamelCase.ConvertName(fault.Member))
                .ToDictionary(member => member.Key, member => member.Select(fault => fault.Text).ToArray()));
    }

    /// <summary>
    /// Withdraws a scheduled price. Answers 404 if it is neither scheduled nor in force, 409 if it is in force, 503 while Billing is away.
    /// </summary>
    internal static async Task<Results<NoContent, NotFound, ProblemHttpResult>> WithdrawAsync(
        Guid version, PriceDesk desk, CancellationToken cancellationToken)
    {
        if (await desk.ListAsync(cancellationToken) is not { IsFresh: true, Value: { } book })
        {
            return TypedResults.Problem(BillingClient.NothingChanged, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        if (book.Prices.FirstOrDefault(price => price.Version == version) is not { } price)
        {
            return TypedResults.NotFound();
        }

        return await desk.WithdrawAsync(price, actorId: null, cancellationToken) is { } refusal
            ? TypedResults.Problem(refusal, statusCode: StatusCodes.Status409Conflict)
            : TypedResults.NoContent();
    }
}
