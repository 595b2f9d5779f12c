namespace Tollgate.Inference.Encoders;

/// <summary>How large a run of an encoder may be.</summary>
internal sealed record BatchLimits
{
    /// <summary>Of a graph whose rows may not share a run.</summary>
    public static readonly BatchLimits OneByOne = new() { Rows = 1 };

    /// <summary>Most rows × longest row, tokens. A longer row runs alone. Larger runs gain nothing on a CPU and make others wait.</summary>
    public int PaddedTokens { get; init; } = 2048;

    /// <summary>Most rows of a run.</summary>
    public int Rows { get; init; } = 64;

    /// <summary>Rows that are looked at for one run.</summary>
    public int Window { get; init; } = 1024;

    /// <summary>Padding that a run may have in any case, tokens: about what a run of its own costs.</summary>
    public int FreePadding { get; init; } = 32;

    /// <summary>Further padding for each so many tokens of the run.</summary>
    public int TokensPerPadding { get; init; } = 8;

    /// <summary>Whether so many rows, padded to the longest of them, may run together.</summary>
    /// <param name="tokens">Tokens of the rows, padding left out.</param>
    public bool Allow(int rows, int longest, long tokens)
    {
        var padded = (long)rows * longest;
        return rows <= Rows && padded <= PaddedTokens && padded - tokens <= FreePadding + (tokens / TokensPerPadding);
    }
}
