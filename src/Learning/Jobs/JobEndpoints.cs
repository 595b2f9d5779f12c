using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Jobs;

/// <summary><c>/v1/fine_tuning/jobs</c> of OpenAI's wire, for gateways.</summary>
internal static class JobEndpoints
{
    private const int UsualListed = 20;
    private const int UsualCheckpoints = 10;
    private const int MostListed = 100;

    public static IEndpointRouteBuilder MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapInternal("/v1/fine_tuning/jobs", "gateway", "accounts");
        jobs.MapPost("", CreateAsync);
        jobs.MapGet("", ListAsync);
        jobs.MapGet("/{job}", RetrieveAsync);
        jobs.MapPost("/{job}/cancel", CancelAsync);
        jobs.MapPost("/{job}/pause", PauseAsync);
        jobs.MapPost("/{job}/resume", ResumeAsync);
        jobs.MapGet("/{job}/events", ListEventsAsync);
        jobs.MapGet("/{job}/checkpoints", ListCheckpointsAsync);
        jobs.MapGet("/{job}/evaluation", EvaluateAsync);
        return routes;
    }

    internal static Task CreateAsync(HttpContext context, FileCalls calls, JobDesk desk) => calls.RunAsync(context, async caller =>
    {
        if (!FineTuningJobRequest.TryParse(await FileCalls.ReadJsonAsync(context), out var request, out var invalid))
        {
            return invalid;
        }

        if (!(await desk.CreateAsync(request, caller, KeyOfCall.Of(context.Request), context.RequestAborted))
            .TryGet(out var job, out var refusal))
        {
            return refusal;
        }

        await WriteAsync(context, job);
        return null;
    });

    internal static Task ListAsync(HttpContext context, FileCalls calls, JobTable table) => calls.RunAsync(context, async caller =>
    {
        var (jobs, hasMore) = await table.ListAsync(caller, ReadQuery(context.Request.Query), context.RequestAborted);
        await WriteAsync(
            context, ListPage.Of<JobObject>([.. jobs.Select(JobObject.Of)], hasMore, job => job.Id), JobJson.Default.JobList);
        return null;
    });

    internal static Task RetrieveAsync(HttpContext context, string job, FileCalls calls, JobTable table) =>
        OfJobAsync(context, job, calls, table, async found =>
        {
            await WriteAsync(context, found);
            return null;
        });

    internal static Task CancelAsync(HttpContext context, string job, FileCalls calls, JobTable table, JobRunner runner) => ChangeAsync(
        context, job, calls, runner, table.CancelAsync, "cancelled",
        changed => changed.Status == JobStatus.Cancelled); // A client that lost the answer asks again.

    internal static Task PauseAsync(HttpContext context, string job, FileCalls calls, JobTable table, JobRunner runner) =>
        ChangeAsync(context, job, calls, runner, table.PauseAsync, "paused", changed => changed.Status == JobStatus.Paused);

    internal static Task ResumeAsync(HttpContext context, string job, FileCalls calls, JobTable table, JobRunner runner) => ChangeAsync(
        context, job, calls, runner, table.ResumeAsync, "resumed", changed => !changed.HasEnded && changed.PausedAt is not null);

    internal static Task ListEventsAsync(HttpContext context, string job, FileCalls calls, JobTable table, EventTail tail) =>
        OfJobAsync(context, job, calls, table, async found =>
        {
            var query = new ListQuery(context.Request.Query, "after", "limit", "stream");
            var (after, limit) = (query.ReadAfter(JobEventObject.Prefix, "an event"), query.ReadLimit(MostListed) ?? UsualListed);
            var streams = query.Read<bool>(
                "stream", "'true' or 'false'", text => text switch { "true" => true, "false" => false, _ => null });
            if (streams == true)
            {
                await tail.SendAsync(context, found);
                return null;
            }

            var (events, hasMore) = await table.ListEventsAsync(found, after, limit, context.RequestAborted);
            await WriteAsync(
                context, ListPage.Of<JobEventObject>([.. events.Select(JobEventObject.Of)], hasMore, one => one.Id),
                JobJson.Default.EventList);
            return null;
        });

    internal static Task ListCheckpointsAsync(HttpContext context, string job, FileCalls calls, JobTable table) =>
        OfJobAsync(context, job, calls, table, async found =>
        {
            var query = new ListQuery(context.Request.Query, "after", "limit");
            var (checkpoints, hasMore) = await table.ListCheckpointsAsync(
                found, query.ReadAfter(CheckpointObject.Prefix, "a checkpoint"), query.ReadLimit(MostListed) ?? UsualCheckpoints,
                context.RequestAborted);
            await WriteAsync(
                context,
                ListPage.Of<CheckpointObject>([.. checkpoints.Select(one => CheckpointObject.Of(found, one))], hasMore, one => one.Id),
                JobJson.Default.CheckpointList);
            return null;
        });

    internal static Task EvaluateAsync(HttpContext context, string job, FileCalls calls, JobTable table, TrainingReports reports) =>
        OfJobAsync(context, job, calls, table, async found =>
        {
            try
            {
                if (await reports.FindAsync(found, context.RequestAborted) is not { } text)
                {
                    return OpenAiError.NoEvaluation(job, found.Status);
                }

                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(text, context.RequestAborted);
                return null;
            }
            catch (DamagedContentException)
            {
                return OpenAiError.ServerError();
            }
        });

    private static Task OfJobAsync(
        HttpContext context, string job, FileCalls calls, JobTable table, Func<Job, Task<OpenAiError?>> answer) =>
        calls.RunAsync(context, async caller =>
            await table.FindAsync(caller, PublicIds.Parse(job, Job.Prefix), context.RequestAborted) is { } found
                ? await answer(found)
                : OpenAiError.JobNotFound(job));

    /// <param name="action">What was to be done, such as <c>paused</c>.</param>
    /// <param name="isDone">Whether the job is now as the caller wants it.</param>
    private static Task ChangeAsync(
        HttpContext context, string job, FileCalls calls, JobRunner runner,
        Func<FileCaller, Guid, CancellationToken, Task<Job?>> change, string action, Predicate<Job> isDone) =>
        calls.RunAsync(context, async caller =>
        {
            if (await change(caller, PublicIds.Parse(job, Job.Prefix), context.RequestAborted) is not { } changed)
            {
                return OpenAiError.JobNotFound(job);
            }

            if (!isDone(changed))
            {
                return OpenAiError.JobNotIn(job, action, changed.Status);
            }

            await runner.NoticeAsync(changed.Id, context.RequestAborted);
            await WriteAsync(context, changed);
            return null;
        });

    /// <exception cref="RefusalException">A name is unknown or doubled, or a value is none of it.</exception>
    private static JobQuery ReadQuery(IQueryCollection given)
    {
        var query = new ListQuery(given, "after", "limit", "metadata", "metadata[]");
        var pairs = query.FindPairs("metadata");
        var without = query.Read<bool>("metadata", "'null', or pairs such as metadata[run]=nightly", text => text == "null" ? true : null);
        if (pairs.FirstOrDefault(pair => (pair.Key + pair.Value).Contains('\0', StringComparison.Ordinal)).Key is not null)
        {
            throw new RefusalException(OpenAiError.InvalidText("metadata", "has a NUL character"));
        }

        return without == true && pairs.Count > 0
            ? throw new RefusalException(OpenAiError.InvalidValue("metadata", "either 'null' or pairs"))
            : new JobQuery(
                query.ReadAfter(Job.Prefix, "a job"), query.ReadLimit(MostListed) ?? UsualListed,
                pairs.Count > 0 ? RequestMetadata.ToJson(pairs) : null, without == true);
    }

    private static Task WriteAsync(HttpContext context, Job job) => WriteAsync(context, JobObject.Of(job), JobJson.Default.JobObject);

    private static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type) =>
        context.Response.WriteAsJsonAsync(value, type, cancellationToken: context.RequestAborted);
}
