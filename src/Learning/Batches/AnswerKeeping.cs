using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Batches;

/// <summary>
/// Keeps answers: first durable in the store, some of them together, then in one transaction their lines as ended. A line whose answer a
/// crash takes in between is asked for again and gets the same answer.
/// </summary>
internal sealed partial class AnswerKeeping(
    ContentStore contents, BatchProgress progress, LearningMetrics metrics, TimeProvider clock, ILogger<AnswerKeeping> logger)
{
    private const int MostLines = 128;
    private const int EnoughBytes = 1024 * 1024;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Keeps what a batch's lines bring until there are no more.</summary>
    /// <param name="abort">Gives up: what is not kept by then is asked for again.</param>
    /// <exception cref="ClaimLostException">Another process has the batch.</exception>
    public async Task RunAsync(Guid batch, ChannelReader<LineOutcome> outcomes, CancellationToken abort)
    {
        while (await outcomes.WaitToReadAsync(abort))
        {
            await KeepAsync(batch, await GatherAsync(outcomes), abort);
        }
    }

    private async Task<List<LineOutcome>> GatherAsync(ChannelReader<LineOutcome> outcomes)
    {
        var (lines, bytes) = (new List<LineOutcome>(), 0);
        using var patience = new CancellationTokenSource(Gathering, clock);
        try
        {
            while (lines.Count < MostLines && bytes < EnoughBytes && await outcomes.WaitToReadAsync(patience.Token)
                && outcomes.TryRead(out var line))
            {
                lines.Add(line);
                bytes += line.Json.Length;
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return lines;
        }

        return lines;
    }

    private async Task KeepAsync(Guid batch, List<LineOutcome> lines, CancellationToken abort)
    {
        while (lines.Count > 0)
        {
            try
            {
                await SaveAsync(batch, lines, abort);
                metrics.LinesEnded(lines.Count(line => !line.Failed), lines.Count(line => line.Failed));
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or TimeoutException
                && !abort.IsCancellationRequested)
            {
                LogNotKept(logger, lines.Count, batch, exception.GetBaseException().Message);
                await Task.Delay(RetryDelay, clock, abort);
            }
        }
    }

    private async Task SaveAsync(Guid batch, List<LineOutcome> lines, CancellationToken abort)
    {
        var segments = new List<Segment>();
        foreach (var group in lines.GroupBy(line => line.Failed))
        {
            await using var writer = await contents.CreateAsync(abort);
            foreach (var line in group)
            {
                await writer.WriteAsync(line.Json, abort);
            }

            segments.Add(new Segment(group.Key, await writer.FinishAsync(abort)));
        }

        // Segments of a try that failed are left to the sweep: its transaction may have been made all the same.
        await progress.SaveAsync(batch, lines, segments, abort);
    }

    [LoggerMessage(1, LogLevel.Warning, "{Lines} answers of batch {Batch} are not kept yet, and are tried again. {Reason}")]
    private static partial void LogNotKept(ILogger logger, int lines, Guid batch, string reason);
}
