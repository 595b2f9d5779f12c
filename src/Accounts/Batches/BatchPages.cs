using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Accounts.Learning;

namespace Tollgate.Accounts.Batches;

/// <summary>Maps what is no page of the portal.</summary>
internal static class BatchPages
{
    /// <summary>Path of the batches at Learning.</summary>
    public const string Path = "/v1/batches";

    public static void MapBatches(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/batches/{batch}/live", Show).RequireAuthorization().ExcludeFromDescription();

    /// <summary>The part of a batch's page that refreshes itself.</summary>
    internal static RazorComponentResult<BatchLive> Show(string batch) => new(new { BatchId = batch });

    /// <summary>Finds a batch; missing for an id of another form.</summary>
    public static async Task<LearningAnswer<BatchEntry>> FindBatchAsync(
        this LearningClient learning, string? id, CancellationToken cancellationToken) => LearningIds.IsBatch(id)
        ? await learning.GetAsync($"{Path}/{id}", BatchWire.Default.BatchEntry, cancellationToken)
        : new LearningAnswer<BatchEntry>(null, new LearningRefusal(StatusCodes.Status404NotFound, null, null, "There is no such batch."));
}
