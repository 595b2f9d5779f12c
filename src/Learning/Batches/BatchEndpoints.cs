using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Batches;

/// <summary><c>/v1/batches</c> of OpenAI's wire, for gateways.</summary>
internal static class BatchEndpoints
{
    private const int UsualListed = 20;
    private const int MostListed = 100;
    private static readonly string[] ListNames = ["after", "limit"];

    public static IEndpointRouteBuilder MapBatches(this IEndpointRouteBuilder routes)
    {
        var batches = routes.MapInternal("/v1/batches", "gateway");
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
        var (after, limit) = ReadQuery(context.Request.Query);
        var (page, hasMore) = await table.ListAsync(caller, after, limit, context.RequestAborted);
        BatchObject[] data = [.. page.Select(BatchObject.Of)];
        await context.Response.WriteAsJsonAsync(
            new BatchListObject("list", data, data.FirstOrDefault()?.Id, data.LastOrDefault()?.Id, hasMore),
            BatchJson.Default.BatchListObject);
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

    /// <exception cref="RefusalException">A name is unknown or doubled, or a value is none of it.</exception>
    private static (Guid? After, int Limit) ReadQuery(IQueryCollection query)
    {
        var (after, limit) = ((Guid?)null, UsualListed);
        foreach (var (name, values) in query)
        {
            var text = values.ToString();
            var refusal = !ListNames.Contains(name) ? OpenAiError.UnknownParameter(OpenAiError.Shorten(name))
                : values.Count != 1 ? OpenAiError.DuplicateParameter(name)
                : name == "after"
                    ? PublicIds.TryParse(text, Batch.Prefix, out var id) ? null : Invalid(name, "the id of a batch", text)
                    : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MostListed
                        ? null : Invalid(name, $"an integer between 1 and {MostListed}", text);
            if (refusal is not null)
            {
                throw new RefusalException(refusal);
            }

            after = name == "after" && PublicIds.TryParse(text, Batch.Prefix, out var given) ? given : after;
        }

        return (after, limit);
    }

    private static OpenAiError Invalid(string name, string expected, string given) =>
        OpenAiError.InvalidValue(name, expected, $"'{OpenAiError.Shorten(given)}'");
}
