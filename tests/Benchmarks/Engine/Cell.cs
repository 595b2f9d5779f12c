using System.Diagnostics;

namespace Tollgate.Benchmarks.Engine;

/// <summary>So many streams at once with prompts and answers of one length each.</summary>
/// <param name="Streams">Streams that begin together.</param>
/// <param name="Tokens">Tokens of each answer.</param>
internal sealed record Cell(int Streams, int Tokens)
{
    /// <summary>Tokens of a prompt.</summary>
    public const int PromptTokens = 24;

    /// <summary>Most streams of any cell.</summary>
    public const int MostStreams = 32;

    /// <summary>Most tokens of a row, prompt and answer.</summary>
    public const int MostLength = PromptTokens + 96;

    /// <summary>A small cell is repeated until it has so many tokens: one answer of 24 is too short to time.</summary>
    private const int LeastTokens = 192;

    public int Repeats => Math.Max(1, LeastTokens / (Streams * Tokens));

    public override string ToString() => $"{Streams} × {Tokens}";

    /// <summary>Prompts of one repetition. No two of a run are alike, so that no cache of prefixes helps.</summary>
    public int[][] Prompts(int vocabulary, int seed, int repeat) =>
        [.. Enumerable.Range(0, Streams).Select(
            stream => Prompt.Draw(PromptTokens, vocabulary, HashCode(seed, repeat, stream)))];

    /// <param name="answer">Answers all prompts of one repetition.</param>
    /// <param name="processor">Seconds of CPU that the measured process has used.</param>
    public async Task<Speed> MeasureAsync(int vocabulary, int seed, Func<int[][], Task> answer, Func<double> processor)
    {
        var prompts = Enumerable.Range(0, Repeats).Select(repeat => Prompts(vocabulary, seed, repeat)).ToArray();
        var (started, before) = (Stopwatch.GetTimestamp(), processor());
        foreach (var together in prompts)
        {
            await answer(together);
        }

        return new Speed(Stopwatch.GetElapsedTime(started).TotalSeconds, processor() - before, Repeats * Streams * Tokens);
    }

    /// <summary>The same for streams that a program answers.</summary>
    public Task<Speed> MeasureAsync(
        int vocabulary, int seed, IStreams streams, Func<double> processor, CancellationToken cancellationToken) =>
        MeasureAsync(
            vocabulary, seed,
            prompts => Task.WhenAll(prompts.Select(
                ids => streams.RunAsync(new Prompt(ids, Tokens, Prompt.Quiet), came: null, cancellationToken))),
            processor);

    /// <summary>Unlike <see cref="System.HashCode"/> the same in all processes.</summary>
    private int HashCode(int seed, int repeat, int stream) => (((((seed * 31) + repeat) * 64) + stream) * 128) + Tokens + Streams;
}

/// <summary>What a cell took.</summary>
/// <param name="Seconds">Wall time, prompts included.</param>
/// <param name="Processor">Seconds of CPU.</param>
/// <param name="Tokens">Tokens of all answers.</param>
internal sealed record Speed(double Seconds, double Processor, int Tokens)
{
    public double PerSecond => Tokens / Seconds;

    /// <summary>Seconds of CPU for 1,000 tokens.</summary>
    public double ProcessorPerThousand => 1000 * Processor / Tokens;
}
