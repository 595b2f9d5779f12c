using System.Globalization;
using System.Numerics.Tensors;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Exported;

/// <summary>Runs an exported graph itself and compares its logits with those of the weights that were read out of it, so that a graph that
/// computes something else is never served.</summary>
internal static partial class ExportedCheck
{
    /// <summary>Most of the difference of logits, in parts of their spread, of a graph in float32.</summary>
    public const double Bound = 1e-3;

    /// <summary>The same of one that computes in fewer bits.</summary>
    public const double RoundedBound = 0.1;

    /// <summary>How long the run may take.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Compares all positions of a prompt.</summary>
    /// <returns>What was measured, for the operator.</returns>
    /// <exception cref="ModelImportException">The graph does not run, or gives other logits.</exception>
    public static string Run(
        ExportedFolder folder, DecoderWeights weights, ReadOnlySpan<int> prompt, SessionFactory sessions,
        CancellationToken cancellationToken)
    {
        CheckWindows(folder.Graph, weights.Shape);
        var actual = RunGraph(folder.GraphPath, prompt, weights.Shape.Vocabulary, sessions, cancellationToken);
        var expected = DecoderReference.AllLogits(weights, prompt)[^actual.Length..];
        var difference = 0.0;
        for (var i = 0; i < actual.Length; i++)
        {
            difference = Math.Max(difference, Differ(expected[i], actual[i]));
            if (!double.IsFinite(difference))
            {
                throw new ModelImportException("The exported graph gives logits that are not finite. It was not installed.");
            }
        }

        var bound = folder.Weights.IsRounded ? RoundedBound : Bound;
        return difference <= bound
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The exported graph was run once: its logits differ from those of the weights read out of it by {difference:0.######} of "
                + $"their spread; {bound} is accepted.")
            : throw new ModelImportException(string.Create(
                CultureInfo.InvariantCulture,
                $"The exported graph computes something else than the model of its configuration: the difference of its logits is "
                + $"{difference:0.####} of their spread, at most {bound} is accepted. It was not installed."));
    }

    /// <summary>Root of the mean square of the differences, over the expected numbers' deviation.</summary>
    private static double Differ(float[] expected, float[] actual)
    {
        var (square, mean) = (0.0, TensorPrimitives.Sum<float>(expected) / (double)expected.Length);
        var spread = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            square += ((double)actual[i] - expected[i]) * ((double)actual[i] - expected[i]);
            spread += (expected[i] - mean) * (expected[i] - mean);
        }

        return square == 0 ? 0 : Math.Sqrt(square / spread);
    }

    /// <summary>A window that is longer than the prompt shows in no logit.</summary>
    private static void CheckWindows(ExportedGraph graph, DecoderShape shape)
    {
        foreach (var node in graph.All.SelectMany(part => part.Nodes).Where(node => node.Operator == "GroupQueryAttention"))
        {
            var stated = node.Whole("local_window_size", -1);
            var window = stated > 0 && stated < shape.Context ? (int?)stated : null;
            var match = Layer().Match(node.Name);
            var layer = match.Success ? int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture) : 0;
            if (layer >= shape.Layers.Count || window != shape.Layers[layer].Window)
            {
                throw new ModelImportException($"{ExportedOperators.Describe(node)} attends to a window of {Show(window)}; the model's "
                    + $"configuration has {(layer < shape.Layers.Count ? Show(shape.Layers[layer].Window) : "no such layer")}.");
            }
        }

        static string Show(int? window) => window is { } tokens ? $"{tokens} tokens" : "all tokens";
    }

    private static float[][] RunGraph(
        string path, ReadOnlySpan<int> prompt, int vocabulary, SessionFactory sessions, CancellationToken cancellationToken)
    {
        using var session = sessions.OpenOnce(path);
        var inputs = new Dictionary<string, OrtValue>(StringComparer.Ordinal);
        try
        {
            var isMerged = session.InputMetadata.ContainsKey("use_cache_branch");
            foreach (var (name, input) in session.InputMetadata)
            {
                inputs[name] = MakeInput(name, input, prompt, isMerged);
            }

            using var options = new RunOptions();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var stop = limit.Token.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
            limit.CancelAfter(Longest);
            using var outputs = session.Run(options, inputs, ["logits"]);
            return Split(outputs[0], prompt.Length, vocabulary);
        }
        catch (OnnxRuntimeException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelImportException(
                $"ONNX Runtime cannot run '{Path.GetFileName(path)}': {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        finally
        {
            foreach (var value in inputs.Values)
            {
                value.Dispose();
            }
        }
    }

    private static OrtValue MakeInput(string name, NodeMetadata input, ReadOnlySpan<int> prompt, bool isMerged)
    {
        var length = prompt.Length;
        var numbers = new long[length];
        for (var i = 0; i < length; i++)
        {
            numbers[i] = name switch { "input_ids" => prompt[i], "attention_mask" => 1, _ => i };
        }

        if (name is "input_ids" or "attention_mask" or "position_ids")
        {
            return input.ElementType == typeof(int)
                ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, number => (int)number), [1, length])
                : OrtValue.CreateTensorValueFromMemory(numbers, [1, length]);
        }

        if (name == "use_cache_branch")
        {
            return OrtValue.CreateTensorValueFromMemory(new bool[1], [1]); // false
        }

        // A past of no tokens; of a merged graph one that its branch without a past does not read.
        long past = isMerged ? 1 : 0;
        return Past().IsMatch(name) && input.Dimensions is [_, > 0 and < 4096 and var heads, _, > 0 and < 65_536 and var width]
            ? MakePast(input.ElementType, (int)past * heads * width, [1, heads, past, width])
            : throw new ModelImportException(
                $"The exported graph has the input '{ExportedGraphReader.Shorten(name)}', which is not one of a decoder that is read.");
    }

    private static OrtValue MakePast(Type type, int count, long[] shape) => type == typeof(Float16)
        ? OrtValue.CreateTensorValueFromMemory(new Float16[count], shape)
        : OrtValue.CreateTensorValueFromMemory(new float[count], shape);

    /// <summary>The logits of each position, or of the last where the graph gives no others.</summary>
    private static float[][] Split(OrtValue logits, int length, int vocabulary)
    {
        var facts = logits.GetTensorTypeAndShape();
        if (facts.Shape is not [1, var positions, var width] || width != vocabulary || (positions != length && positions != 1))
        {
            throw new ModelImportException(
                $"The exported graph gives logits of the shape [{string.Join(", ", facts.Shape)}]; [1, {length}, {vocabulary}] was "
                + "expected.");
        }

        var numbers = facts.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16
            ? Array.ConvertAll(logits.GetTensorDataAsSpan<Float16>().ToArray(), number => (float)number)
            : logits.GetTensorDataAsSpan<float>().ToArray();
        return [.. numbers.Chunk(vocabulary)];
    }

    [GeneratedRegex(@"\Apast_key_values\.[0-9]+\.(key|value)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Past();

    [GeneratedRegex(@"/layers\.(?<layer>[0-9]{1,9})/", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
