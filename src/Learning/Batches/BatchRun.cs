using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Batches;

/// <summary>What the run of a batch needs. All of it is shared by all runs.</summary>
internal sealed record RunParts(
    BatchValidation Validation, Claims<Batch> Claims, BatchProgress Progress, InputReader Input, LineSender Sender, LineSlots Slots,
    AnswerKeeping Keeping, BatchFinish Finish, IOptions<BatchOptions> Options, TimeProvider Clock);

/// <summary>
/// Runs one batch that this process has claimed, from wherever an earlier run was interrupted, to its end. Lines run in the order of the
/// file, some at once. Used once.
/// </summary>
/// <remarks>
/// A line is marked as asked before its first call, its answer is durable before it is marked as ended, and all calls of a line have one
/// Idempotency-Key: a line that was interrupted in between is asked for again, and gets the answer of the call that ran.
/// </remarks>
internal sealed class BatchRun(Batch claimed, RunParts parts) : IClaimedRun
{
    private const int PageLines = 64;
    private const long PageBytes = 8 * 1024 * 1024;

    private readonly CancellationTokenSource _halted = new(); // No line begins any more: cancelled, expired or stopping.
    private readonly CancellationTokenSource _lost = new(); // Nothing that this run would write counts any more.
    private readonly CancellationTokenSource _over = new(); // The run has ended.
    private CancellationTokenSource _abort = new(); // Stopping or lost.
    private Batch _batch = claimed;
    private volatile OpenAiError? _halt;
    private DateTimeOffset _graceEnd = DateTimeOffset.MaxValue;
    private long _resumeAt;

    private BatchOptions Options => parts.Options.Value;

    /// <summary>Runs the batch until it has ended or the process stops. What a stop leaves open is taken up again.</summary>
    /// <param name="stopping">Begins no line any more. Calls that run may end.</param>
    /// <exception cref="ClaimLostException">Another process has the batch.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        await using var registration = stopping.Register(_halted.Cancel);
        _abort.Dispose();
        _abort = CancellationTokenSource.CreateLinkedTokenSource(stopping, _lost.Token);
        var watch = parts.Claims.KeepAsync(_batch.Id, Options.Every, SeenAsync, _lost, _over.Token);
        try
        {
            if (_batch.Status == BatchStatus.Validating)
            {
                await parts.Validation.RunAsync(_batch, _abort.Token);
            }

            _batch = await parts.Claims.RenewAsync(_batch.Id, stopping);
            HaltAsItEnds(_batch);
            await RunLinesAsync(stopping);
            stopping.ThrowIfCancellationRequested();
            await EndAsync(stopping);
        }
        catch (OperationCanceledException) when (_lost.IsCancellationRequested)
        {
            throw new ClaimLostException(BatchProgress.Table.What, _batch.Id);
        }
        finally
        {
            await _over.CancelAsync();
            await watch;
        }
    }

    /// <summary>Looks at the batch at once, such as after a cancel: no line begins any more when this has ended.</summary>
    public Task LookAsync(CancellationToken cancellationToken) =>
        parts.Claims.LookAsync(_batch.Id, SeenAsync, _lost, cancellationToken);

    public void Dispose()
    {
        _abort.Dispose();
        _halted.Dispose();
        _lost.Dispose();
        _over.Dispose();
    }

    private async Task EndAsync(CancellationToken stopping)
    {
        if (_batch.Ending is null)
        {
            await parts.Progress.BeginEndAsync(_batch.Id, BatchStatus.Completed, null, stopping);
        }

        _batch = await parts.Claims.RenewAsync(_batch.Id, stopping);
        if (_batch.Counts.Completed + _batch.Counts.Failed != _batch.Counts.Total)
        {
            throw new InvalidOperationException($"Batch {_batch.Id:N} is at its end and has open lines: {_batch.Counts}.");
        }

        await parts.Finish.RunAsync(_batch, stopping);
    }

    /// <summary>Learns of a cancel and of the end of the batch's time.</summary>
    private async Task SeenAsync(Batch now, CancellationToken cancellationToken)
    {
        if (now.Ending is null && parts.Clock.GetUtcNow() >= now.ExpiresAt)
        {
            await parts.Progress.BeginEndAsync(now.Id, BatchStatus.Expired, null, cancellationToken);
            now = now with { Ending = BatchStatus.Expired };
        }

        HaltAsItEnds(now);
    }

    private void HaltAsItEnds(Batch batch)
    {
        switch (batch.Ending)
        {
            case BatchStatus.Cancelled:
                Halt(OpenAiError.LineNotRun("batch_cancelled"));
                break;
            case BatchStatus.Expired:
                Halt(OpenAiError.LineNotRun("batch_expired"));
                break;
            default:
                break;
        }
    }

    private void Halt(OpenAiError why)
    {
        if (_halt is null)
        {
            _graceEnd = parts.Clock.GetUtcNow() + Options.Grace;
            _halt = why;
            _halted.Cancel();
        }
    }

    private async Task RunLinesAsync(CancellationToken stopping)
    {
        var asked = Channel.CreateBounded<AskedLine>(1);
        var ended = Channel.CreateBounded<LineOutcome>(Options.BatchConcurrency);
        var keeping = KeepAsync(ended.Reader);
        var workers = Task.WhenAll(
            Enumerable.Range(0, Options.BatchConcurrency).Select(_ => WorkAsync(asked.Reader, ended.Writer, stopping)));
        var reading = ReadLinesAsync(asked.Writer, ended.Writer);

        // Whatever fails, what was asked for is kept; then the cause is thrown before what it caused.
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        asked.Writer.Complete();
        await workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ended.Writer.Complete();
        await keeping;
        await workers;
        await reading;
    }

    private async Task KeepAsync(ChannelReader<LineOutcome> outcomes)
    {
        try
        {
            await parts.Keeping.RunAsync(_batch.Id, outcomes, _lost.Token);
        }
        catch
        {
            await _lost.CancelAsync(); // Nothing can be kept: nothing more is to be asked.
            throw;
        }
    }

    /// <summary>Reads the open lines, and hands each to a worker, or ends it where the batch ends.</summary>
    private async Task ReadLinesAsync(ChannelWriter<AskedLine> asked, ChannelWriter<LineOutcome> ended)
    {
        var abort = _abort.Token;
        var after = 0;
        while (await parts.Progress.ListAsync(_batch.Id, after, PageLines, abort) is [_, ..] page)
        {
            var part = Shorten(page);
            after = part[^1].Place.Line;
            var requests = await parts.Input.ReadAsync(_batch, [.. part.Select(line => line.Place)], abort);
            if (requests is null)
            {
                await GiveUpAsync(part, ended, abort);
                continue;
            }

            for (var i = 0; i < part.Count; i += Options.BatchConcurrency)
            {
                var group = part.Skip(i).Take(Options.BatchConcurrency).ToList();
                if (_halt is null)
                {
                    await parts.Progress.MarkAskedAsync(_batch.Id, [.. group.Select(line => line.Place.Line)], abort);
                }

                for (var j = 0; j < group.Count; j++)
                {
                    await asked.WriteAsync(new AskedLine(requests[i + j], group[j].MayHaveRun), abort);
                }
            }
        }
    }

    /// <summary>The input file is gone: what is open cannot run any more.</summary>
    private async Task GiveUpAsync(IReadOnlyList<OpenLine> lines, ChannelWriter<LineOutcome> ended, CancellationToken abort)
    {
        if (_batch.Ending is null && _halt is null)
        {
            await parts.Progress.BeginEndAsync(
                _batch.Id, BatchStatus.Failed,
                BatchValidation.InputGone,
                abort);
            _batch = await parts.Claims.RenewAsync(_batch.Id, abort);
        }

        foreach (var (place, _) in lines)
        {
            await ended.WriteAsync(LineOutcome.NotRun(_batch, place.Line, null, OpenAiError.LineLost(place.Line)), abort);
        }
    }

    /// <summary>As many lines of a page as fit in memory.</summary>
    private static List<OpenLine> Shorten(IReadOnlyList<OpenLine> page)
    {
        var bytes = 0L;
        return [.. page.TakeWhile((line, index) => (bytes += line.Place.Bytes) <= PageBytes || index == 0)];
    }

    private async Task WorkAsync(ChannelReader<AskedLine> asked, ChannelWriter<LineOutcome> ended, CancellationToken stopping)
    {
        try
        {
            await foreach (var line in asked.ReadAllAsync(_lost.Token))
            {
                if (await AskAsync(line, stopping) is { } outcome)
                {
                    await ended.WriteAsync(outcome, _lost.Token);
                }
            }
        }
        catch
        {
            await _abort.CancelAsync(); // Without workers nobody takes what is read.
            throw;
        }
    }

    /// <summary>Asks for a line until its answer is final. Null when the process stops before.</summary>
    private async Task<LineOutcome?> AskAsync(AskedLine line, CancellationToken stopping)
    {
        if (line.Request.AsksForStream)
        {
            return LineOutcome.Of(_batch, line.Request, OpenAiError.StreamInBatch());
        }

        var (mayHaveRun, tries, faults) = (line.MayHaveRun, 0, 0);
        while (true)
        {
            await PauseAsync();
            if (stopping.IsCancellationRequested)
            {
                return null;
            }

            if (_halt is { } why && (!mayHaveRun || parts.Clock.GetUtcNow() > _graceEnd))
            {
                return LineOutcome.NotRun(_batch, line.Request.Line, line.Request.CustomId, why);
            }

            DoorAnswer answer;
            using (await parts.Slots.TakeAsync(_batch.Caller.OrganizationId, _abort.Token))
            {
                answer = await parts.Sender.SendAsync(_batch, line.Request, _lost.Token);
            }

            faults += answer.IsFault ? 1 : 0;
            if (answer.Kind == AnswerKind.Final || faults == DoorAnswer.MostFaults)
            {
                return LineOutcome.Of(_batch, line.Request, answer);
            }

            mayHaveRun |= answer.Kind == AnswerKind.Unknown;
            await WaitAsync(answer, tries++);
        }
    }

    /// <summary>Waits before the next try. A gateway that has no room for one line has none for the batch's others.</summary>
    private async Task WaitAsync(DoorAnswer answer, int tries)
    {
        var pause = answer.PauseAfter(tries, Options.LongestPause);
        if (answer.Kind == AnswerKind.NotRun)
        {
            Interlocked.Exchange(ref _resumeAt, (parts.Clock.GetUtcNow() + pause).UtcTicks);
            return;
        }

        await DelayAsync(pause);
    }

    private async Task PauseAsync()
    {
        var pause = new DateTimeOffset(Interlocked.Read(ref _resumeAt), TimeSpan.Zero) - parts.Clock.GetUtcNow();
        if (pause > TimeSpan.Zero)
        {
            await DelayAsync(pause);
        }
    }

    /// <summary>A halt ends the wait; once halted, waits are short.</summary>
    private async Task DelayAsync(TimeSpan pause)
    {
        if (_halted.IsCancellationRequested)
        {
            await Task.Delay(pause < DoorAnswer.FirstPause ? pause : DoorAnswer.FirstPause, parts.Clock, _lost.Token);
            return;
        }

        await Task.Delay(pause, parts.Clock, _halted.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A line on its way to a worker.</summary>
    private readonly record struct AskedLine(LineRequest Request, bool MayHaveRun);
}
