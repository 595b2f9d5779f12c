using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Testing;
using Tollgate.Training.Steps;
using Xunit.Abstractions;

namespace Tollgate.Training.Tests.Steps;

/// <summary>Trainings of 50 steps beside PyTorch's, from the same weights over the same batches.</summary>
public sealed class PyTorchCurveTests(ITestOutputHelper output)
{
    private const string Bert = "models/reference/training/bert";
    private const string Lstm = "models/reference/training/lstm";

    [SharedFact(Bert)]
    public void Bert_follows_the_curve_of_PyTorch()
    {
        var plan = new TrainingPlan
        {
            Logits = "logits",
            Loss = LossKind.Softmax,
            Optimizer = new Optimizer { Decay = 0.01, ClipNorm = 1 },
        };

        Follow(Bert, plan, (name, row) => name == "token_type_ids" ? new long[row] : null);
    }

    [SharedFact(Lstm)]
    public void Lstm_follows_the_curve_of_PyTorch()
    {
        var plan = new TrainingPlan
        {
            Logits = "logits",
            Loss = LossKind.Sigmoid,
            Optimizer = new Optimizer { Epsilon = 1e-7 },
        };

        Follow(Lstm, plan, (_, _) => null);
    }

    private void Follow(string path, TrainingPlan plan, Func<string, long, long[]?> others)
    {
        var folder = SharedFiles.At(path);
        var batches = SafeTensors.Read(Path.Combine(folder, "batches.safetensors"));
        var curve = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "curve.json")))!["curve"]!.AsArray();
        using var trainer = new Trainer(GraphReader.Read(Path.Combine(folder, "forward.onnx")), plan);
        var (worstLoss, worstNorm) = (0.0, 0.0);
        for (var step = 0; step < curve.Count; step++)
        {
            var labels = Row(batches["labels"], step);
            var inputs = batches.Keys.Where(name => name != "labels").ToDictionary(name => name, name => Row(batches[name], step));
            var shape = inputs["input_ids"].Shape;
            if (others("token_type_ids", shape[0] * shape[1]) is { } zeros)
            {
                inputs["token_type_ids"] = OnnxTensor.Of(zeros, shape);
            }

            var result = trainer.Run([TrainingBatch.Even(inputs, labels)], (double)curve[step]!["lr"]!);

            var (loss, norm) = ((double)curve[step]!["loss"]!, (double)curve[step]!["gradient_norm"]!);
            worstLoss = Math.Max(worstLoss, Math.Abs(result.Loss - loss));
            worstNorm = Math.Max(worstNorm, Math.Abs(result.GradientNorm - norm) / norm);
        }

        output.WriteLine($"loss {worstLoss:g3}, gradient norm (relative) {worstNorm:g3}");
        var worstWeight = WorstWeight(folder, trainer);
        output.WriteLine($"weights {worstWeight:g3}");
        Assert.InRange(worstLoss, 0, 1e-5);
        Assert.InRange(worstNorm, 0, 1e-4);
        Assert.InRange(worstWeight, 0, 1e-4);
    }

    private static OnnxTensor Row(OnnxTensor tensor, int row)
    {
        var length = tensor.Data.Length / (int)tensor.Shape[0];
        return tensor with { Shape = tensor.Shape[1..], Data = tensor.Data.Slice(row * length, length) };
    }

    /// <summary>The largest difference of a final weight. PyTorch's exporter turns matrices and orders gates anew, so a parameter is
    /// found by its name, or by its numbers at the start.</summary>
    private static double WorstWeight(string folder, Trainer trainer)
    {
        var initial = SafeTensors.Read(Path.Combine(folder, "initial.safetensors"));
        var final = SafeTensors.Read(Path.Combine(folder, "final.safetensors"));
        var start = GraphReader.Read(Path.Combine(folder, "forward.onnx"));
        var (worst, compared) = (0.0, 0);
        foreach (var parameter in trainer.Parameters)
        {
            var name = parameter.Name.StartsWith("m.", StringComparison.Ordinal) ? parameter.Name[2..] : parameter.Name;
            float[]? expected = null;
            if (final.TryGetValue(name, out var named))
            {
                expected = named.Floats.ToArray();
            }
            else
            {
                foreach (var form in Forms())
                {
                    foreach (var candidate in initial.Keys)
                    {
                        if (expected is null && form(initial, candidate) is { } numbers
                            && start.Initializers[parameter.Name].Floats.SequenceEqual(numbers))
                        {
                            expected = form(final, candidate);
                        }
                    }
                }
            }

            Assert.NotNull(expected);
            compared += expected.Length;
            var now = trainer.Memory.ValuesOf(parameter);
            for (var i = 0; i < expected.Length; i++)
            {
                worst = Math.Max(worst, Math.Abs(expected[i] - now[i]));
            }
        }

        Assert.Equal(final.Values.Where(tensor => tensor.Type == TensorElementType.Float).Sum(tensor => tensor.Count), compared);
        return worst;
    }

    private static Func<Dictionary<string, OnnxTensor>, string, float[]?>[] Forms() =>
    [
        (tensors, name) => tensors[name].Shape.Length == 2 ? Turned(tensors[name]) : null,
        (tensors, name) => name.Contains("weight_", StringComparison.Ordinal)
            ? Directions(tensors, name, own => Gates(tensors[own].Floats))
            : null,
        (tensors, name) => name.Contains("bias_ih", StringComparison.Ordinal)
            ? Directions(
                tensors, name,
                own => [.. Gates(tensors[own].Floats), .. Gates(tensors[own.Replace("_ih", "_hh", StringComparison.Ordinal)].Floats)])
            : null,
    ];

    /// <summary>ONNX keeps both directions of a layer in one tensor.</summary>
    private static float[] Directions(Dictionary<string, OnnxTensor> tensors, string name, Func<string, float[]> form) =>
        tensors.ContainsKey($"{name}_reverse") ? [.. form(name), .. form($"{name}_reverse")] : form(name);

    private static float[] Turned(OnnxTensor matrix)
    {
        var (rows, columns) = ((int)matrix.Shape[0], (int)matrix.Shape[1]);
        var made = new float[rows * columns];
        for (var i = 0; i < made.Length; i++)
        {
            made[(i % columns * rows) + (i / columns)] = matrix.Floats[i];
        }

        return made;
    }

    /// <summary>From PyTorch's order of gates (input, forget, cell, output) to ONNX's (input, output, forget, cell).</summary>
    private static float[] Gates(ReadOnlySpan<float> numbers)
    {
        var gate = numbers.Length / 4;
        return [.. numbers[..gate], .. numbers[(3 * gate)..], .. numbers[gate..(2 * gate)], .. numbers[(2 * gate)..(3 * gate)]];
    }
}
