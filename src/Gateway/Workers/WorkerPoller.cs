using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Json;

namespace Tollgate.Gateway.Workers;

/// <summary>
/// Looks at every worker once a second, and at once when the directory changed, each in a loop of its own so that a hanging one does not
/// hide the others.
/// </summary>
internal sealed partial class WorkerPoller(
    WorkerPool pool, WorkerClient client, IOptions<RoutingOptions> options, TimeProvider clock,
    ILogger<WorkerPoller> logger) : BackgroundService
{
    /// <summary>One look at one worker.</summary>
    public async Task PollAsync(Worker worker, CancellationToken cancellationToken)
    {
        var was = worker.Healthy;
        using var limit = new CancellationTokenSource(options.Value.PollTimeout, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = client.Request(HttpMethod.Get, worker, "internal/status");
            using var response = await client.SendAsync(request, linked.Token);
            response.EnsureSuccessStatusCode();
            var status = await response.Content.ReadFromJsonAsync(ContractsJson.Default.WorkerStatus, linked.Token);
            pool.Update(worker, status ?? throw new JsonException("The status is null."));
            if (!was)
            {
                LogAnswers(logger, worker.Url);
            }
        }
#pragma warning disable CA1031 // A worker may answer anything; whatever it is, that worker is away and the next look may find it well.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            worker.Failed();
            if (exception.InnerException is SocketException)
            {
                worker.Refused();
            }

            if (was && !worker.Healthy)
            {
                LogAway(logger, worker.Url, exception.Message);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var followed = new Dictionary<Worker, Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            var changed = pool.Changed; // Before the workers are read, so that no change is missed.
            foreach (var worker in pool.Workers.Where(worker => !followed.TryGetValue(worker, out var loop) || loop.IsCompleted))
            {
                followed[worker] = FollowAsync(worker, stoppingToken);
            }

            foreach (var gone in followed.Keys.Except(pool.Workers).Where(worker => followed[worker].IsCompleted).ToList())
            {
                followed.Remove(gone);
            }

            await changed.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(followed.Values);
    }

    private async Task FollowAsync(Worker worker, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var changed = pool.Changed;
                if (!pool.Workers.Contains(worker))
                {
                    return;
                }

                await PollAsync(worker, stoppingToken);
                await Task.WhenAny(changed, Task.Delay(options.Value.PollInterval, clock, stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Worker {Url} answers.")]
    private static partial void LogAnswers(ILogger logger, Uri url);

    [LoggerMessage(2, LogLevel.Error, "Worker {Url} is away: {Reason}")]
    private static partial void LogAway(ILogger logger, Uri url, string reason);
}
