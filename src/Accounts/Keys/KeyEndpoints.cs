using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Users;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Keys;

/// <summary>What other services ask about keys.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/keys/resolve", "gateway").MapPost("", ResolveAsync);
        routes.MapInternal("/internal/keys/uses", "gateway").MapPost("", TakeUsesAsync);
        routes.MapInternal("/internal/keys", "operator").MapPost("", CreateAsync);
        routes.MapInternal("/internal/bootstrap", "operator").MapPost("", BootstrapAsync);
    }

    /// <summary>A gateway found no record in Redis. 404 only when no such key was ever made; 503 when Redis does not take it.</summary>
    internal static async Task<Results<JsonHttpResult<ResolvedKey>, NotFound, StatusCodeHttpResult>> ResolveAsync(
        ResolveKey order, RecordPublisher publisher, CancellationToken cancellationToken)
    {
        if (order.PublicId is not { Length: ApiKeyText.PublicIdLength })
        {
            return TypedResults.NotFound();
        }

        try
        {
            return await publisher.ResolveAsync(order.PublicId, cancellationToken) is { } resolved
                ? TypedResults.Json(resolved, ContractsJson.Default.ResolvedKey)
                : TypedResults.NotFound();
        }
        catch (RedisUnavailableException)
        {
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>How keys were used since the gateway's last batch.</summary>
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

    internal static async Task<Results<JsonHttpResult<CreatedKey>, ValidationProblem, NotFound>> CreateAsync(
        CreateOperatorKey order, KeyRegister keys, OperatorBootstrap bootstrap, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (limits, errors) = KeyLimits.Read(order);
        if (string.IsNullOrWhiteSpace(order.Name) || order.Name.Length > 100)
        {
            errors["name"] = ["Must have 1 to 100 characters."];
        }

        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors);
        }

        if (await bootstrap.FindDefaultProjectAsync(cancellationToken) is not { } project)
        {
            return TypedResults.NotFound();
        }

        var keyId = Guid.CreateVersion7(clock.GetUtcNow());
        var (issued, _) = await keys.CreateAsync(
            new KeyOrder(keyId, project.OrganizationId, project.Id, order.Name.Trim(), limits, KeyAccess.All, ActorId: null),
                cancellationToken);
        if (issued is null) // The id is new, so that only the number of keys can be in the way.
        {
            errors["organization"] = [$"Has {keys.MostKeys} keys, as many as it may have. Revoke one that is not used any more."];
            return TypedResults.ValidationProblem(errors);
        }

        return TypedResults.Json(new CreatedKey(keyId, issued.Key.PublicId, issued.Text), ContractsJson.Default.CreatedKey);
    }

    internal static async Task<Results<JsonHttpResult<Bootstrapped>, ValidationProblem>> BootstrapAsync(
        Bootstrap order, OperatorBootstrap bootstrap, CancellationToken cancellationToken)
    {
        var (done, errors) = await bootstrap.RunAsync(order, cancellationToken);
        return done is not null
            ? TypedResults.Json(done, ContractsJson.Default.Bootstrapped)
            : TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["bootstrap"] = [.. errors] });
    }
}
