using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Rows of keys and values, and the steps of a decoder over them. What a row holds is a number of tokens that the caller knows. One thread;
/// the logits of different places may be used on several.
/// </summary>
internal interface IDecoderEngine : IDisposable
{
    int Rows { get; }

    /// <summary>Most tokens of a row.</summary>
    int Length { get; }

    /// <summary>Bytes that the keys and values of one token take over all layers.</summary>
    long BytesPerToken { get; }

    /// <summary>Whether <see cref="ReadFirst"/> works: a graph of an earlier version gives no logits inside a row.</summary>
    bool ReadsTogether { get; }

    /// <summary>One token for each of the first rows, as many as there are <paramref name="tokens"/>. The logits after it are then
    /// <c>Logits(row)</c>.</summary>
    /// <param name="tokens">The newest token of each row.</param>
    /// <param name="past">Tokens that each row holds already.</param>
    /// <exception cref="OnnxRuntimeException">The runtime failed; the rows hold what they held.</exception>
    void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> past);

    /// <summary>Several tokens for one row. The logits after the last of them are then <c>Logits(0)</c>.</summary>
    /// <exception cref="OnnxRuntimeException">The runtime failed; the row holds what it held.</exception>
    void Extend(int row, ReadOnlySpan<int> tokens, int past);

    /// <summary>The first tokens of adjacent rows, which hold nothing yet, in one step. The logits after the last token of each are then
    /// <c>Logits(0)</c>, <c>Logits(1)</c> and so on.</summary>
    /// <param name="row">The first of the rows.</param>
    /// <param name="tokens">Of each row, at least one.</param>
    /// <param name="length">Tokens that each row is filled up to, at least as many as the longest has. The filling takes time and is no
    /// part of what the row holds.</param>
    /// <exception cref="OnnxRuntimeException">The runtime failed; the rows hold nothing.</exception>
    void ReadFirst(int row, IReadOnlyList<ReadOnlyMemory<int>> tokens, int length);

    /// <summary>Logits of the last step, one number for each token of the vocabulary. The caller may change them; the next step overwrites
    /// them.</summary>
    Span<float> Logits(int index);

    /// <summary>Copies the first <paramref name="tokens"/> tokens of a row over those of another.</summary>
    void Copy(int from, int to, int tokens);

    /// <summary>Copies the keys and values of <paramref name="count"/> tokens of a row, from token <paramref name="first"/> on.</summary>
    KeyValueBlock Save(int row, int first, int count);

    /// <summary>Writes saved keys and values into a row, from token <paramref name="first"/> on: the place that they were saved
    /// from.</summary>
    void Restore(KeyValueBlock block, int row, int first);

    /// <summary>The row holds nothing any more.</summary>
    void Release(int row);

    /// <summary>Gives back the memory of all rows from <paramref name="firstFree"/> on.</summary>
    void Trim(int firstFree);
}
