using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.Federated;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Federated;

/// <summary><c>/v1/fine_tuning/federated</c>, for gateways: the owner's routes and those of participants.</summary>
internal static class FederatedEndpoints
{
    private const int UsualListed = 20;
    private const int MostListed = 100;

    /// <summary>Section <c>Federated</c>.</summary>
    public static IServiceCollection AddFederated(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<FederatedOptions>, FederatedOptionsValidator>();
        services.AddOptions<FederatedOptions>().BindConfiguration(FederatedOptions.Section).ValidateOnStart();
        services.AddSingleton<FederatedTable>();
        services.AddSingleton<RoundSteps>();
        services.AddSingleton<MessageDesk>();
        services.AddSingleton<RoundView>();
        services.AddSingleton<FederatedTimekeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<FederatedTimekeeper>());
        return services;
    }

    public static IEndpointRouteBuilder MapFederated(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapInternal("/v1/fine_tuning/federated", "gateway");
        jobs.MapPost("", CreateAsync);
        jobs.MapGet("", ListAsync);
        jobs.MapGet("/{job}", RetrieveAsync);
        jobs.MapPost("/{job}/cancel", CancelAsync);
        jobs.MapGet("/{job}/result", ShowResultAsync);
        jobs.MapGet("/{job}/round", ShowRoundAsync);
        jobs.MapPost("/{job}/messages", TakeMessageAsync);
        return routes;
    }

    internal static Task CreateAsync(HttpContext context, FileCalls calls, FederatedTable table) =>
        calls.RunAsync(context, async caller =>
        {
            if (!FederatedRequest.TryParse(await FileCalls.ReadJsonAsync(context), out var request, out var invalid))
            {
                return invalid;
            }

            if (!(await table.AddAsync(request, caller, context.RequestAborted)).TryGet(out var job, out var refusal))
            {
                return refusal;
            }

            await WriteAsync(context, job, table);
            return null;
        });

    internal static Task ListAsync(HttpContext context, FileCalls calls, FederatedTable table) => calls.RunAsync(context, async caller =>
    {
        var query = new ListQuery(context.Request.Query, "after", "limit");
        var (page, hasMore) = await table.ListAsync(
            caller, query.ReadAfter(FederatedJob.Prefix, "a federated training"), query.ReadLimit(MostListed) ?? UsualListed,
            context.RequestAborted);
        FederatedJobObject[] data = [.. page.Select(job => FederatedJobObject.Of(job, [], []))];
        await context.Response.WriteAsJsonAsync(
            ListPage.Of(data, hasMore, one => one.Id),
            FederatedObjectsJson.Default.FederatedList);
        return null;
    });

    internal static Task RetrieveAsync(HttpContext context, string job, FileCalls calls, FederatedTable table) =>
        calls.RunAsync(context, async caller =>
        {
            if (await table.FindAsync(caller, job, context.RequestAborted) is not { } found)
            {
                return OpenAiError.FederatedJobNotFound(job);
            }

            await WriteAsync(context, found, table);
            return null;
        });

    internal static Task CancelAsync(
        HttpContext context, string job, FileCalls calls, FederatedTable table, RoundSteps steps, NpgsqlDataSource dataSource) =>
        calls.RunAsync(context, async caller =>
        {
            await using (var connection = await dataSource.OpenForAsync(caller.OrganizationId, context.RequestAborted))
            {
                await using var transaction = await connection.BeginTransactionAsync(context.RequestAborted);
                if (await FederatedTable.LockAsync(connection, caller, job, context.RequestAborted) is not { } locked)
                {
                    return OpenAiError.FederatedJobNotFound(job);
                }

                if (locked.Status is FederatedStatus.Succeeded or FederatedStatus.Failed)
                {
                    return OpenAiError.FederatedJobNotCancellable(job, FederatedJob.Word(locked.Status));
                }

                if (!locked.HasEnded)
                {
                    await steps.EndAsync(connection, locked, FederatedStatus.Cancelled, null, null, context.RequestAborted);
                    await transaction.CommitAsync(context.RequestAborted);
                }
            }

            await WriteAsync(context, (await table.FindAsync(caller, job, context.RequestAborted))!, table);
            return null;
        });

    internal static Task ShowResultAsync(HttpContext context, string job, FileCalls calls, FederatedTable table) =>
        calls.RunAsync(context, async caller =>
        {
            if (await table.FindAsync(caller, job, context.RequestAborted) is not { } found)
            {
                return OpenAiError.FederatedJobNotFound(job);
            }

            if (found.Status != FederatedStatus.Succeeded)
            {
                return OpenAiError.FederatedJobNotSucceeded(job, FederatedJob.Word(found.Status));
            }

            var result = new FederatedResult
            {
                Task = found.Task,
                Weights = FederatedJob.ToBytes(found.Weights),
                Evaluation = found.Evaluation,
                NoisySums = found.Task.Privacy.NoiseMultiplier == 0 ? 0 : found.Sums,
                Epsilon = found.Epsilon,
            };
            await context.Response.WriteAsJsonAsync(result, FederatedJson.Default.FederatedResult);
            return null;
        });

    internal static Task ShowRoundAsync(HttpContext context, string job, FileCalls calls, FederatedTable table, RoundView view) =>
        calls.RunAsync(context, async caller =>
        {
            var participant = new ListQuery(context.Request.Query, "participant").Read<int>(
                "participant", "a participant's number",
                text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);
            if (await table.FindAsync(caller, job, context.RequestAborted) is not { } found)
            {
                return OpenAiError.FederatedJobNotFound(job);
            }

            if (participant is null)
            {
                return OpenAiError.MissingParameter("participant");
            }

            if (participant < 1 || participant > found.Task.Participants.Count)
            {
                return OpenAiError.UnknownParticipant(participant.Value, found.Task.Participants.Count);
            }

            await context.Response.WriteAsJsonAsync(
                await view.OfAsync(found, participant.Value, context.RequestAborted), FederatedJson.Default.FederatedRound);
            return null;
        });

    internal static Task TakeMessageAsync(HttpContext context, string job, FileCalls calls, MessageDesk desk) =>
        calls.RunAsync(context, async caller =>
        {
            if (!FederatedMessageRequest.TryParse(await FileCalls.ReadJsonAsync(context), out var message, out var invalid))
            {
                return invalid;
            }

            if (await desk.TakeAsync(message, job, caller, context.RequestAborted) is { } refusal)
            {
                return refusal;
            }

            await context.Response.WriteAsJsonAsync(
                new FederatedTaken("fine_tuning.federated_message", true), FederatedObjectsJson.Default.FederatedTaken);
            return null;
        });

    private static async Task WriteAsync(HttpContext context, FederatedJob job, FederatedTable table) =>
        await context.Response.WriteAsJsonAsync(
            FederatedJobObject.Of(
                job, await table.ParticipantsAsync(job, context.RequestAborted), await table.RoundsAsync(job, context.RequestAborted)),
            FederatedObjectsJson.Default.FederatedJobObject);
}
