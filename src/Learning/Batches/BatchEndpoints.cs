using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Batches;

/// <summary><c>/v1/batches</c> of OpenAI's wire, for gateways and the portal.</summary>
internal static class BatchEndpoints
{
    private const int UsualListed = 20;
    private const int MostListed = 100;

    public static IEndpointRouteBuilder MapBatches(this IEndpointRouteBuilder routes)
    {
        var batches = routes.MapInternal("/v1/batches", "gateway", "accounts");
        batches.MapPost("", CreateAsync);
        batches.MapGet("", ListAsync);
        batches.MapGet("/{batch}", RetrieveAsync);
        batches.MapPost("/{batch}/cancel", CancelAsync);
        return routes;
    }

    internal static Task CreateAsync(HttpContext context, FileCalls calls, BatchDesk desk) => calls.RunAsync(context, async caller =>
    {
        if (!BatchRequest.TryParse(await FileCalls.ReadJsonAsync(context), out var request, out var invalid))
        {
            return invalid;
        }

        if (!(await desk.CreateAsync(request, caller, KeyOfCall.Of(context.Request), context.RequestAborted))
            .TryGet(out var batch, out var refusal))
        {
            return refusal;
        }

        await WriteAsync(context, batch);
        return null;
    });

    internal static Task ListAsync(HttpContext context, FileCalls calls, BatchTable table) => calls.RunAsync(context, async caller =>
    {
        var query = new ListQuery(context.Request.Query, "after", "limit");
        var (page, hasMore) = await table.ListAsync(
            caller, query.ReadAfter(Batch.Prefix, "a batch"), query.ReadLimit(MostListed) ?? UsualListed, context.RequestAborted);
        BatchObject[] data = [.. page.Select(BatchObject.Of)];
        await context.Response.WriteAsJsonAsync(
            ListPage.Of(data, hasMore, one => one.Id),
            BatchJson.Default.BatchList);
        return null;
    });

    internal static Task RetrieveAsync(HttpContext context, string batch, FileCalls calls, BatchTable table) =>
        calls.RunAsync(context, async caller =>
        {
            if (await table.FindAsync(caller, PublicIds.Parse(batch, Batch.Prefix), context.RequestAborted) is not { } found)
            {
                return OpenAiError.BatchNotFound(batch);
            }

            await WriteAsync(context, found);
            return null;
        });

    internal static Task CancelAsync(
        HttpContext context, string batch, FileCalls calls, BatchTable table, BatchRunner runner) =>
        calls.RunAsync(context, async caller =>
        {
            if (await table.CancelAsync(caller, PublicIds.Parse(batch, Batch.Prefix), context.RequestAborted) is not { } found)
            {
                return OpenAiError.BatchNotFound(batch);
            }

            // A client that lost the answer asks again.
            if (found.Status is not (BatchStatus.Cancelling or BatchStatus.Cancelled))
            {
                return OpenAiError.BatchNotCancellable(batch, found.Status);
            }

            await runner.NoticeAsync(found.Id, context.RequestAborted);
            await WriteAsync(context, found);
            return null;
        });

    private static Task WriteAsync(HttpContext context, Batch batch) =>
        context.Response.WriteAsJsonAsync(BatchObject.Of(batch), BatchJson.Default.BatchObject);
}
