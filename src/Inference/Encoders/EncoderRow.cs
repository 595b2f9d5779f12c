namespace Tollgate.Inference.Encoders;

/// <summary>One sequence of tokens for an encoder's graph.</summary>
/// <param name="Ids">Token ids, those that frame a text included.</param>
/// <param name="Segments">Token type of each id; null where all are 0.</param>
internal sealed record EncoderRow(int[] Ids, int[]? Segments = null)
{
    /// <summary>Tokens of the row.</summary>
    public int Length => Ids.Length;
}

/// <summary>Receives a row's part of a graph's output.</summary>
/// <param name="row">Place of the row in the run.</param>
/// <param name="output">
/// Numbers of the row, valid during the call: <c>[width]</c>, or <c>[tokens, width]</c> without padding where the graph has a vector for
/// each token.
/// </param>
internal delegate void EncoderReader(int row, ReadOnlySpan<float> output);
