namespace Tollgate.Benchmarks.Engine;

/// <summary>A program that answers several prompts at once, greedily. Thread-safe.</summary>
internal interface IStreams : IAsyncDisposable
{
    /// <summary>Answers one prompt beside all others that run.</summary>
    /// <param name="came">Called as each token comes, on any thread; null where nobody asks.</param>
    /// <exception cref="InvalidOperationException">The answer ended early.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task RunAsync(Prompt prompt, Action? came, CancellationToken cancellationToken);
}

/// <summary>What one stream is asked for.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Tokens">Length of the answer, past the model's own end tokens.</param>
/// <param name="Organization">Whose it is, for fairness.</param>
internal sealed record Prompt(int[] Ids, int Tokens, Guid Organization)
{
    public static readonly Guid Loud = new("00000000-0000-0000-0000-000000000001");
    public static readonly Guid Quiet = new("00000000-0000-0000-0000-000000000002");

    /// <summary>Random ids, the same for the same seed; ids below 256 are left out, where vocabularies keep control tokens and
    /// bytes.</summary>
    public static int[] Draw(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Math.Min(256, vocabulary / 2), vocabulary))];
    }
}
