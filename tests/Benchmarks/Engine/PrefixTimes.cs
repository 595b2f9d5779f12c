using Tollgate.Inference.Generation;

namespace Tollgate.Benchmarks.Engine;

/// <summary>Prompts of which many begin alike, one after the other.</summary>
/// <param name="Cold">Seconds of CPU of each prompt that begins as no other does, one token of answer included.</param>
/// <param name="Warm">The same for prompts that begin as one before them did.</param>
/// <param name="IsSame">Whether the answer to such a prompt has the tokens and, bit for bit, the log-probabilities that an engine gives
/// which has never seen the beginning.</param>
internal sealed record PrefixTimes(IReadOnlyList<double> Cold, IReadOnlyList<double> Warm, bool IsSame)
{
    private const int Shared = 1000;
    private const int Own = 24;
    private const int Prompts = 5;
    private const int ComparedTokens = 16;

    /// <param name="other">An engine on the same model that has answered nothing.</param>
    /// <param name="processor">Seconds of CPU that the process has used.</param>
    public static async Task<PrefixTimes> MeasureAsync(
        EngineStreams engine, EngineStreams other, int seed, Func<double> processor, CancellationToken cancellationToken)
    {
        var (cold, warm) = (new List<double>(), new List<double>());
        for (var i = 0; i < Prompts; i++)
        {
            cold.Add(await TimeAsync(Begin(i + 1), i));
        }

        await TimeAsync(Begin(0), Prompts);
        for (var i = 0; i < Prompts; i++)
        {
            warm.Add(await TimeAsync(Begin(0), Prompts + 1 + i));
        }

        var asked = new Prompt([.. Begin(0), .. End(3 * Prompts)], ComparedTokens, Prompt.Quiet);
        var expected = await other.ScoreAsync(asked, cancellationToken);
        return new PrefixTimes(cold, warm, AreSame(expected, await engine.ScoreAsync(asked, cancellationToken)));

        async Task<double> TimeAsync(int[] begin, int end)
        {
            var before = processor();
            await engine.RunAsync(new Prompt([.. begin, .. End(end)], 1, Prompt.Quiet), came: null, cancellationToken);
            return processor() - before;
        }

        int[] Begin(int which) => Prompt.Draw(Shared, engine.Vocabulary, (seed * 1000) + which);

        int[] End(int which) => Prompt.Draw(Own, engine.Vocabulary, (seed * 1000) + 500 + which);
    }

    private static bool AreSame(IReadOnlyList<TokenChoice> one, IReadOnlyList<TokenChoice> other) =>
        one.Count == ComparedTokens && one.Zip(other).All(pair =>
            pair.First.Token == pair.Second.Token
            && BitConverter.SingleToInt32Bits(pair.First.Logprob) == BitConverter.SingleToInt32Bits(pair.Second.Logprob)
            && pair.First.Best.SequenceEqual(pair.Second.Best))
        && one.Count == other.Count;
}
