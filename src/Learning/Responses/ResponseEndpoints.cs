using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Claims;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Responses;

/// <summary>Serializes answers of the endpoints with OpenAI's names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DeletedObject))]
[JsonSerializable(typeof(DeletedResponses))]
[JsonSerializable(typeof(ListPage<JsonElement>), TypeInfoPropertyName = "ItemList")]
internal sealed partial class ResponseJson : JsonSerializerContext;

/// <summary>How many responses were destroyed.</summary>
internal sealed record DeletedResponses(int Deleted);

/// <summary>The doors by which gateways keep and read responses, and what of <c>/v1/responses</c> this service answers.</summary>
internal static class ResponseEndpoints
{
    private const string JsonType = "application/json";

    public static IServiceCollection AddResponses(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ResponseOptions>, ResponseOptionsValidator>();
        services.AddOptions<ResponseOptions>().BindConfiguration(ResponseOptions.Section).ValidateOnStart();
        services.AddSingleton<ResponseTable>();
        services.AddSingleton<ConversationTurns>();
        services.AddSingleton<ConversationTable>();
        services.AddSingleton<ResponseCalls>();
        services.AddSingleton<IValidateOptions<BackgroundOptions>, BackgroundOptionsValidator>();
        services.AddOptions<BackgroundOptions>().BindConfiguration(BackgroundOptions.Section).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<BackgroundOptions>>().Value;
            return new Claims<ResponseRun>(
                provider.GetRequiredService<NpgsqlDataSource>(), BackgroundTable.Table(options.OrganizationConcurrency), options.Lease,
                provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<BackgroundTable>();
        services.AddSingleton<BackgroundParts>();
        services.AddSingleton<BackgroundRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<BackgroundRunner>());
        return services;
    }

    public static IEndpointRouteBuilder MapResponses(this IEndpointRouteBuilder routes)
    {
        var kept = routes.MapInternal("/internal/responses", "gateway");
        kept.MapGet("/room", FindRoomAsync);
        kept.MapPut("/{response}", KeepAsync);
        kept.MapPut("/{response}/run", QueueAsync);
        kept.MapGet("/{response}/run", FindRunAsync);
        kept.MapGet("/{response}/conversation", ReadConversationAsync);
        routes.MapInternal("/internal/responses", "accounts").MapDelete("", DeleteAllAsync);
        var responses = routes.MapInternal("/v1/responses", "gateway");
        responses.MapGet("/{response}", RetrieveAsync);
        responses.MapDelete("/{response}", DeleteAsync);
        responses.MapPost("/{response}/cancel", CancelAsync);
        responses.MapGet("/{response}/input_items", ListItemsAsync);
        return routes;
    }

    /// <summary>204 when the organization has room for another response, or the error that says why not.</summary>
    internal static Task FindRoomAsync(HttpContext context, ResponseCalls calls, ResponseTable table) => calls.RunAsync(
        context, async caller =>
        {
            if (await table.RefuseAsync(caller, context.RequestAborted) is { } full)
            {
                return full;
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        });

    /// <summary>Keeps a response, see <see cref="ResponseContent"/>. 204 when it is durable; the same again changes nothing.</summary>
    internal static Task KeepAsync(
        HttpContext context, string response, ResponseCalls calls, ResponseTable table, IOptions<ResponseOptions> options) =>
        calls.RunAsync(context, new BodyLimit("response", options.Value.MaxBytes, "Responses:MaxBytes"), async (caller, limit) =>
        {
            var json = await FileCalls.ReadJsonAsync(context);
            if (json.Length > limit.Most)
            {
                return limit.Refusal;
            }

            var id = PublicIds.Parse(response, ResponseContent.Prefix);
            if (ResponseContent.TryRead(json, id, out var content) is { } wrong)
            {
                return wrong;
            }

            using (content)
            {
                if (await table.KeepAsync(caller, id, content!, json, context.RequestAborted) is { } refusal)
                {
                    return refusal;
                }
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        });

    /// <summary>Queues a response, see <see cref="ResponseContent"/>, and answers it as it is now. The same again, with the same
    /// <c>fingerprint</c> in the query, queues nothing.</summary>
    internal static Task QueueAsync(
        HttpContext context, string response, ResponseCalls calls, BackgroundTable table, ResponseTable responses, BackgroundRunner runner,
        IOptions<ResponseOptions> options) =>
        calls.RunAsync(context, new BodyLimit("response", options.Value.MaxBytes, "Responses:MaxBytes"), async (caller, limit) =>
        {
            var json = await FileCalls.ReadJsonAsync(context);
            if (json.Length > limit.Most)
            {
                return limit.Refusal;
            }

            var id = PublicIds.Parse(response, ResponseContent.Prefix);
            if (ResponseContent.TryRead(json, id, out var content, withRequest: true) is { } wrong)
            {
                return wrong;
            }

            using (content)
            {
                var fingerprint = context.Request.Query["fingerprint"].FirstOrDefault();
                if (await table.QueueAsync(
                    caller, KeyOfCall.Of(context.Request).PublicId, id, content!, json, fingerprint, context.RequestAborted) is { } refusal)
                {
                    return refusal;
                }
            }

            runner.Begin();
            return await ShowAsync(context, response, caller, responses);
        });

    /// <summary>204 while a response waits or runs; 404 once it has ended.</summary>
    internal static Task FindRunAsync(HttpContext context, string response, ResponseCalls calls, BackgroundTable table) => calls.RunAsync(
        context, async caller =>
        {
            if (!await table.IsOpenAsync(caller, PublicIds.Parse(response, ResponseContent.Prefix), context.RequestAborted))
            {
                return OpenAiError.ResponseNotFound(response);
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        });

    internal static Task ReadConversationAsync(HttpContext context, string response, ResponseCalls calls, ConversationTable table) =>
        calls.RunAsync(context, async caller =>
        {
            if (!(await table.WriteAsync(caller, response, context.RequestAborted)).TryGet(out var json, out var refusal))
            {
                return refusal;
            }

            await WriteAsync(context, json);
            return null;
        });

    /// <summary>Destroys all responses of the caller's project, and answers how many.</summary>
    internal static Task DeleteAllAsync(HttpContext context, ResponseCalls calls, ResponseTable table) => calls.RunAsync(
        context, async caller =>
        {
            var deleted = new DeletedResponses(await table.DeleteAllAsync(caller, context.RequestAborted));
            await context.Response.WriteAsJsonAsync(deleted, ResponseJson.Default.DeletedResponses);
            return null;
        });

    internal static Task RetrieveAsync(HttpContext context, string response, ResponseCalls calls, ResponseTable table) =>
        calls.RunAsync(context, async caller =>
        {
            ResponseQueries.CheckRetrieve(context.Request.Query);
            return await ShowAsync(context, response, caller, table);
        });

    internal static Task DeleteAsync(
        HttpContext context, string response, ResponseCalls calls, ResponseTable table, BackgroundRunner runner) =>
        calls.RunAsync(context, async caller =>
        {
            var id = PublicIds.Parse(response, ResponseContent.Prefix);
            if (!await table.DeleteAsync(caller, id, context.RequestAborted))
            {
                return OpenAiError.ResponseNotFound(response);
            }

            await runner.NoticeAsync(id, context.RequestAborted);

            await context.Response.WriteAsJsonAsync(
                new DeletedObject(response, "response", true), ResponseJson.Default.DeletedObject);
            return null;
        });

    internal static Task CancelAsync(
        HttpContext context, string response, ResponseCalls calls, BackgroundTable table, ResponseTable responses,
        BackgroundRunner runner) =>
        calls.RunAsync(context, async caller =>
        {
            if (await table.CancelAsync(caller, response, context.RequestAborted) is { } refusal)
            {
                return refusal;
            }

            await runner.NoticeAsync(PublicIds.Parse(response, ResponseContent.Prefix), context.RequestAborted);
            return await ShowAsync(context, response, caller, responses);
        });

    internal static Task ListItemsAsync(HttpContext context, string response, ResponseCalls calls, ConversationTable table) =>
        calls.RunAsync(context, async caller =>
        {
            if (!(await table.ListAsync(caller, response, context.RequestAborted)).TryGet(out var items, out var refusal))
            {
                return refusal;
            }

            var (page, hasMore) = ResponseQueries.ReadPage(context.Request.Query, items);
            var list = new ListPage<JsonElement>(
                "list", [.. page.Select(item => item.Json)], page is [var first, ..] ? first.Id : null,
                page is [.., var last] ? last.Id : null, hasMore);
            await context.Response.WriteAsJsonAsync(list, ResponseJson.Default.ItemList);
            return null;
        });

    /// <summary>Answers a response as it is now.</summary>
    private static async Task<OpenAiError?> ShowAsync(HttpContext context, string response, FileCaller caller, ResponseTable table)
    {
        using var content = await table.FindAsync(
            caller, PublicIds.Parse(response, ResponseContent.Prefix), context.RequestAborted);
        if (content is null)
        {
            return OpenAiError.ResponseNotFound(response);
        }

        await WriteAsync(context, content.Show());
        return null;
    }

    private static async Task WriteAsync(HttpContext context, byte[] json)
    {
        context.Response.ContentType = JsonType;
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }
}
