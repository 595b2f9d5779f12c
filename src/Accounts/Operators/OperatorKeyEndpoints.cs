using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Explanations;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Operators;

/// <summary>
/// Endpoints for the operator's command line about keys of the operator's own organization, and about why any key is limited. All answer
/// 404 before the bootstrap.
/// </summary>
internal static class OperatorKeyEndpoints
{
    public static void MapOperatorKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapInternal("/internal/keys", "operator");
        keys.MapGet("", ListAsync);
        keys.MapPost("", CreateAsync);
        keys.MapDelete("/{publicId}", RevokeAsync);
        keys.MapGet("/{publicId}/explanation", ExplainAsync);
    }

    /// <summary>Lists a page of keys, newest first.</summary>
    /// <param name="after">Id of the last key of the page before; null for the first page.</param>
    internal static async Task<Results<JsonHttpResult<KeyListPage>, NotFound>> ListAsync(
        Guid? after, KeyRegister keys, OperatorBootstrap bootstrap, CancellationToken cancellationToken)
    {
        if (await bootstrap.EnterDefaultProjectAsync(cancellationToken) is not { } project)
        {
            return TypedResults.NotFound();
        }

        var page = await keys.ListAsync(project.OrganizationId, projectId: null, find: null, after, cancellationToken);
        return TypedResults.Json(
            new KeyListPage(
                [.. page.Keys.Select(k => new KeyLine(k.Id, k.PublicId, k.Name, k.State, k.CreatedAt, k.ExpiresAt, k.Limits))], page.Next),
            ContractsJson.Default.KeyListPage);
    }

    internal static async Task<Results<JsonHttpResult<CreatedKey>, ValidationProblem, NotFound>> CreateAsync(
        CreateOperatorKey order, KeyRegister keys, OperatorBootstrap bootstrap, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = OperatorKeyOrder.FindFaults(order);
        if (faults.Count > 0)
        {
            return TypedResults.ValidationProblem(faults);
        }

        if (await bootstrap.EnterDefaultProjectAsync(cancellationToken) is not { } project)
        {
            return TypedResults.NotFound();
        }

        var keyId = Guid.CreateVersion7(clock.GetUtcNow());
        var creation = await keys.CreateAsync(
            new KeyOrder(
                keyId, project.OrganizationId, project.Id, order.Name.Trim(), OperatorKeyOrder.LimitsOf(order), KeyAccess.All,
                ActorId: null),
            cancellationToken);
        if (creation is not KeyCreation.Issued issued) // The id is new, so the only other outcome is too many keys.
        {
            faults["organization"] = [$"Has {keys.MostKeys} keys, as many as it may have. Revoke one that is not used any more."];
            return TypedResults.ValidationProblem(faults);
        }

        return TypedResults.Json(new CreatedKey(keyId, issued.Key.PublicId, issued.Text), ContractsJson.Default.CreatedKey);
    }

    /// <summary>Revokes a key. Answers 204 when gateways refuse it from now on, 202 while Redis has not acknowledged it.</summary>
    internal static async Task<Results<NoContent, Accepted, NotFound>> RevokeAsync(
        string publicId, KeyRegister keys, OperatorBootstrap bootstrap, CancellationToken cancellationToken)
    {
        if (await bootstrap.EnterDefaultProjectAsync(cancellationToken) is not { } project
            || await keys.FindAsync(project.OrganizationId, publicId, cancellationToken) is not { } key)
        {
            return TypedResults.NotFound();
        }

        var change = await keys.RevokeAsync(project.OrganizationId, key.Id, actorId: null, cancellationToken);
        return change == RecordChange.Queued ? TypedResults.Accepted((string?)null) : TypedResults.NoContent();
    }

    /// <summary>Explains a key of any organization.</summary>
    internal static async Task<Results<JsonHttpResult<KeyExplanation>, NotFound>> ExplainAsync(
        string publicId, KeyExplainer explainer, CancellationToken cancellationToken) =>
        await explainer.ExplainAsync(publicId, cancellationToken) is { } explanation
            ? TypedResults.Json(explanation, ContractsJson.Default.KeyExplanation) : TypedResults.NotFound();
}
