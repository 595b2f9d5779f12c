using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Graphs;

/// <summary>Rows of tokens as the inputs of a graph, in the form in which a worker gives them.</summary>
internal static class TokenInputs
{
    public const string Ids = "input_ids";
    public const string Mask = "attention_mask";

    /// <summary>A text's ids between those that frame it, cut to a length.</summary>
    /// <param name="most">Longest row, the frame included.</param>
    public static int[] Encode(IFramedTokenizer tokenizer, string text, int most)
    {
        var frame = tokenizer.Frame;
        var room = Math.Max(0, most - frame.Prefix.Count - frame.Suffix.Count);
        return [.. frame.Prefix, .. tokenizer.Cut(text).Take(room), .. frame.Suffix];
    }

    /// <summary>Rows padded behind to one length.</summary>
    /// <param name="inputs">Of the graph: ids, mask and, where it has them, token types, which are 0.</param>
    public static Dictionary<string, OnnxTensor> Of(IEnumerable<GraphInput> inputs, IReadOnlyList<int[]> rows, int length)
    {
        var (ids, mask) = (new long[rows.Count * length], new long[rows.Count * length]);
        for (var row = 0; row < rows.Count; row++)
        {
            for (var i = 0; i < Math.Min(length, rows[row].Length); i++)
            {
                (ids[(row * length) + i], mask[(row * length) + i]) = (rows[row][i], 1);
            }
        }

        return inputs.ToDictionary(
            input => input.Name,
            input => OnnxTensor.Of(
                input.Name switch { Ids => ids, Mask => mask, _ => new long[ids.Length] }, rows.Count, length),
            StringComparer.Ordinal);
    }
}
