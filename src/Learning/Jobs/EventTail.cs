using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Jobs;

/// <summary>Sends the events of a job as server-sent events while they happen, from the first one on until the job has ended.</summary>
internal sealed class EventTail(JobTable table, IOptions<JobOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private const int PageEvents = 100;

    /// <summary>Shows a proxy that the connection lives.</summary>
    private static readonly TimeSpan CommentEvery = TimeSpan.FromSeconds(15);

    /// <summary>A stop of this service breaks the stream off: only one with <c>[DONE]</c> is whole.</summary>
    public async Task SendAsync(HttpContext context, Job job)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        await context.Response.StartAsync(ends.Token);
        try
        {
            await SendAsync(context.Response, job, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    private async Task SendAsync(HttpResponse response, Job job, CancellationToken cancellationToken)
    {
        var (after, sentAt) = (0, clock.GetTimestamp());
        while (true)
        {
            // The job first: its last event is written with its end.
            var hasEnded = await table.FindAsync(job.Caller, job.Id, cancellationToken) is not { HasEnded: false };
            while (await table.ReadEventsAsync(job, after, PageEvents, cancellationToken) is [_, ..] page)
            {
                foreach (var one in page)
                {
                    var data = JsonSerializer.Serialize(JobEventObject.Of(one), JobJson.Default.JobEventObject);
                    await response.WriteAsync($"data: {data}\n\n", cancellationToken);
                }

                (after, sentAt) = (page[^1].Number, clock.GetTimestamp());
            }

            if (hasEnded)
            {
                await response.WriteAsync("data: [DONE]\n\n", cancellationToken);
                return;
            }

            if (clock.GetElapsedTime(sentAt) > CommentEvery)
            {
                await response.WriteAsync(": the job goes on\n\n", cancellationToken);
                sentAt = clock.GetTimestamp();
            }

            await Task.Delay(options.Value.Every, clock, cancellationToken);
        }
    }
}
