using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Encoders;

/// <summary>
/// A loaded encoder: <c>input_ids</c>, <c>attention_mask</c> and, where the graph takes them, <c>token_type_ids</c>, all int64 of shape
/// <c>[rows, tokens]</c>; one float32 output. Thread-safe.
/// </summary>
/// <param name="session">Not owned.</param>
/// <param name="output">Name of the output to read: of shape <c>[rows]</c>, <c>[rows, width]</c> or <c>[rows, tokens, width]</c>.</param>
internal sealed class EncoderGraph(InferenceSession session, string output)
{
    private readonly string[] _inputs = [.. session.InputMetadata.Keys];

    /// <summary>Runs rows together, each padded on the right to the longest and masked there.</summary>
    /// <param name="given">Stops the run from outside; null where it is not to be stopped.</param>
    /// <exception cref="OnnxRuntimeException">The graph fails on these rows.</exception>
    /// <exception cref="InvalidOperationException">The output has another shape.</exception>
    public void Run(IReadOnlyList<EncoderRow> rows, EncoderReader read, RunOptions? given = null)
    {
        var longest = Math.Max(rows.Max(row => row.Length), 1);
        var inputs = _inputs.Select(name => OrtValue.CreateTensorValueFromMemory(
            Fill(name, rows, longest), [rows.Count, longest])).ToArray();
        try
        {
            using var options = given is null ? new RunOptions() : null;
            using var outputs = session.Run(given ?? options, _inputs, inputs, [output]);
            Read(outputs[0], rows, longest, read);
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }
    }

    private static long[] Fill(string input, IReadOnlyList<EncoderRow> rows, int longest)
    {
        var tensor = new long[rows.Count * longest];
        for (var row = 0; row < rows.Count; row++)
        {
            var one = rows[row];
            var at = tensor.AsSpan(row * longest, longest);
            switch (input)
            {
                case "input_ids":
                    Widen(one.Ids, at);
                    break;
                case "attention_mask":
                    at[..one.Length].Fill(1);
                    break;
                case "token_type_ids" when one.Segments is not null:
                    Widen(one.Segments, at);
                    break;
                default:
                    break; // Zeros.
            }
        }

        return tensor;
    }

    private static void Widen(int[] numbers, Span<long> tensor)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            tensor[i] = numbers[i];
        }
    }

    private void Read(OrtValue value, IReadOnlyList<EncoderRow> rows, int longest, EncoderReader read)
    {
        var shape = value.GetTensorTypeAndShape().Shape;
        var perToken = shape.Length == 3;
        if (shape.Length is < 1 or > 3 || shape[0] != rows.Count || (perToken && shape[1] != longest))
        {
            throw new InvalidOperationException(
                $"The output '{output}' has the shape [{string.Join(", ", shape)}] for {rows.Count} rows of {longest} tokens.");
        }

        var numbers = value.GetTensorDataAsSpan<float>();
        var width = shape.Length == 1 ? 1 : (int)shape[^1];
        var stride = perToken ? longest * width : width;
        for (var row = 0; row < rows.Count; row++)
        {
            read(row, numbers.Slice(row * stride, perToken ? rows[row].Length * width : width));
        }
    }
}
