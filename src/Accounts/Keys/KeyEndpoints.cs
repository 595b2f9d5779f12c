using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Telemetry;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Keys;

/// <summary>Endpoints through which gateways look up keys and report their use.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/keys/resolve", "gateway").MapPost("", ResolveAsync);
        routes.MapInternal("/internal/keys/uses", "gateway").MapPost("", TakeUsesAsync);
    }

    /// <summary>
    /// Returns the record of a key that a gateway did not find in Redis. Answers 404 only if the key never existed, 503 if Redis refuses
    /// the write.
    /// </summary>
    internal static async Task<Results<JsonHttpResult<ResolvedKey>, NotFound, StatusCodeHttpResult>> ResolveAsync(
        ResolveKey order, KeyPublisher publisher, AccountsMetrics metrics, CancellationToken cancellationToken)
    {
        if (order.PublicId is not { Length: ApiKeyText.PublicIdLength })
        {
            return TypedResults.NotFound();
        }

        try
        {
            var found = await publisher.ResolveAsync(order.PublicId, cancellationToken);
            metrics.KeyLookedUp(found is null ? "unknown" : "found");
            return found is { } resolved
                ? TypedResults.Json(resolved, ContractsJson.Default.ResolvedKey)
                : TypedResults.NotFound();
        }
        catch (RedisUnavailableException)
        {
            metrics.KeyLookedUp("redis_away");
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>Takes a gateway's report of key uses since its last batch.</summary>
    internal static async Task<Results<NoContent, BadRequest>> TakeUsesAsync(
        KeyUseBatch batch, KeyUseBook book, CancellationToken cancellationToken)
    {
        if (batch.Sequence < 1 || batch.Uses is not { Count: <= KeyUseBatch.MostUses } uses || uses.Any(use => use.Calls < 1))
        {
            return TypedResults.BadRequest();
        }

        await book.TakeAsync(batch, cancellationToken);
        return TypedResults.NoContent();
    }
}
