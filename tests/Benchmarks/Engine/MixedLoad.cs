using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tollgate.Benchmarks.Engine;

/// <summary>
/// Long prompts of one organization are read while another one's streams run and its short prompts come at a fixed pace, whether or not
/// earlier ones have their token: a stall is charged to all that came meanwhile.
/// </summary>
/// <param name="Long">Long prompts, sent together.</param>
/// <param name="LongTokens">Tokens of each.</param>
/// <param name="Running">Streams that run from before to after.</param>
internal sealed record MixedLoad(int Long, int LongTokens, int Running)
{
    private const int MostShort = 8;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    /// <summary>Streams at once: those of the load and short ones that wait for their token.</summary>
    public int Streams => Long + Running + MostShort;

    /// <summary>Most tokens of one stream: a running one goes on for as long as a long prompt is.</summary>
    public int MostLength => Cell.PromptTokens + LongTokens;

    public async Task<MixedTimes> MeasureAsync(int vocabulary, int seed, IStreams streams, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var gaps = new ConcurrentBag<double>();
        var isReading = false;
        var running = Enumerable.Range(0, Running).Select(async i =>
        {
            var first = new TaskCompletionSource();
            var run = RunOnAsync(i, first);
            await await Task.WhenAny(first.Task, run);
            return run;
        }).ToArray();
        var runs = await Task.WhenAll(running);

        Volatile.Write(ref isReading, true);
        var started = Stopwatch.GetTimestamp();
        var reading = Task.WhenAll(Enumerable.Range(0, Long).Select(
            i => streams.RunAsync(new Prompt(Draw(LongTokens, 100 + i), 1, Prompt.Loud), came: null, cancellationToken)));
        var sent = new List<Task<double>>();
        using var timer = new PeriodicTimer(Pace);
        do
        {
            sent.Add(FirstAsync(sent.Count));
        }
        while (await Task.WhenAny(reading, timer.WaitForNextTickAsync(cancellationToken).AsTask()) != reading);

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Volatile.Write(ref isReading, false);
        await reading;
        var firsts = await Task.WhenAll(sent);
        await over.CancelAsync();
        await Task.WhenAll(runs).ContinueWith(_ => { }, CancellationToken.None, default, TaskScheduler.Default);
        return new MixedTimes(seconds, firsts, [.. gaps]);

        // A stream that comes to its end is followed by another one. The first ones have other lengths, so that not all end together.
        async Task RunOnAsync(int which, TaskCompletionSource first)
        {
            for (var length = LongTokens * (which + 1) / Running; !over.IsCancellationRequested; which += Running, length = LongTokens)
            {
                var last = 0L;
                await streams.RunAsync(
                    new Prompt(Draw(Cell.PromptTokens, which), length, Prompt.Quiet),
                    () =>
                    {
                        var now = Stopwatch.GetTimestamp();
                        if (Volatile.Read(ref isReading) && last != 0)
                        {
                            gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
                        }

                        last = now;
                        first.TrySetResult();
                    },
                    over.Token);
            }
        }

        async Task<double> FirstAsync(int number)
        {
            var (asked, came) = (Stopwatch.GetTimestamp(), 0L);
            await streams.RunAsync(
                new Prompt(Draw(Cell.PromptTokens, 1000 + number), 1, Prompt.Quiet), () => came = Stopwatch.GetTimestamp(),
                cancellationToken);
            return Stopwatch.GetElapsedTime(asked, came).TotalMilliseconds;
        }

        int[] Draw(int count, int which) => Prompt.Draw(count, vocabulary, (seed * 10_000) + which);
    }
}

/// <summary>What the short prompts and the running streams saw.</summary>
/// <param name="Seconds">Until the long prompts were read.</param>
/// <param name="FirstMs">Time to the first token of each short prompt, milliseconds.</param>
/// <param name="GapMs">Between two tokens of a running stream, milliseconds.</param>
internal sealed record MixedTimes(double Seconds, IReadOnlyList<double> FirstMs, IReadOnlyList<double> GapMs);
