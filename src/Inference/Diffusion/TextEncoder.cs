using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Diffusion;

/// <summary>One text encoder's graph, and which of its outputs the denoiser reads. Thread-safe.</summary>
internal sealed class TextEncoder
{
    private const string HiddenStates = "hidden_states.";

    private readonly InferenceSession _session;
    private readonly string[] _outputs;

    private TextEncoder(InferenceSession session, string graph, params string[] outputs)
    {
        GraphTensors.Require(session, graph, "input_ids", 2, TensorElementType.Int32, TensorElementType.Int64);
        GraphTensors.RefuseOthers(session, graph, "input_ids");
        Array.ForEach(outputs, output => GraphTensors.RequireOutput(session, graph, output));
        (_session, _outputs) = (session, outputs);
    }

    /// <summary>Tokens that it reads; null: any number.</summary>
    public int? Length => GraphTensors.Fixed(_session.InputMetadata["input_ids"].Dimensions[1]);

    /// <summary>The only encoder of a model: its last states, behind the last norm.</summary>
    /// <exception cref="ModelImportException">It has other inputs or outputs.</exception>
    public static TextEncoder Single(InferenceSession session) => new(session, "text encoder", "last_hidden_state");

    /// <summary>The first of two: the states before the last layer.</summary>
    /// <inheritdoc cref="Single"/>
    public static TextEncoder First(InferenceSession session) => new(session, "text encoder", Penultimate(session, "text encoder"));

    /// <summary>The second of two: the states before the last layer, and the projection of the whole text.</summary>
    /// <inheritdoc cref="Single"/>
    public static TextEncoder Second(InferenceSession session) =>
        new(session, "second text encoder", Penultimate(session, "second text encoder"), "text_embeds");

    /// <summary>Runs it on one text.</summary>
    public TextStates Encode(int[] ids)
    {
        var input = _session.InputMetadata["input_ids"];
        var rows = GraphTensors.Fixed(input.Dimensions[0]) ?? 1;
        var batch = Enumerable.Repeat(ids, rows).SelectMany(row => row).ToArray();
        using var value = GraphTensors.Create(input, batch, rows, ids.Length);
        using var options = new RunOptions();
        using var outputs = _session.Run(options, ["input_ids"], [value], _outputs);
        var states = FirstRow(GraphTensors.Read(outputs[0]));
        return states.Length % ids.Length == 0
            ? new TextStates(states, ids.Length, outputs.Count > 1 ? FirstRow(GraphTensors.Read(outputs[1])) : [])
            : throw new OnnxOutputException($"The text encoder gives {states.Length} numbers for {ids.Length} tokens.");

        float[] FirstRow(float[] numbers) => rows == 1 ? numbers : numbers[..(numbers.Length / rows)];
    }

    /// <summary>The output of the last layer but one; exporters name the states behind each layer, from those of the tokens on.</summary>
    private static string Penultimate(InferenceSession session, string graph)
    {
        var layers = session.OutputMetadata.Keys.Count(name => name.StartsWith(HiddenStates, StringComparison.Ordinal));
        return layers >= 2
            ? $"{HiddenStates}{layers - 2}"
            : throw new ModelImportException(
                $"The {graph} has no outputs '{HiddenStates}0', '{HiddenStates}1' and so on; export it with its hidden states.");
    }
}

/// <summary>A text as the denoiser reads it.</summary>
/// <param name="States">Of each token, <c>[tokens, width]</c>.</param>
/// <param name="Length">Tokens.</param>
/// <param name="Pooled">Of the whole text; empty where the model reads none.</param>
internal sealed record TextStates(float[] States, int Length, float[] Pooled)
{
    public int Width => States.Length / Length;

    /// <summary>Zeros in place of this text's numbers.</summary>
    public TextStates Zeros() => new(new float[States.Length], Length, new float[Pooled.Length]);

    /// <summary>The states of two encoders of one text side by side, with the second one's vector of the whole.</summary>
    public TextStates Beside(TextStates second)
    {
        var width = Width + second.Width;
        var joined = new float[Length * width];
        for (var token = 0; token < Length; token++)
        {
            States.AsSpan(token * Width, Width).CopyTo(joined.AsSpan(token * width));
            second.States.AsSpan(token * second.Width, second.Width).CopyTo(joined.AsSpan((token * width) + Width));
        }

        return new TextStates(joined, Length, second.Pooled);
    }
}
