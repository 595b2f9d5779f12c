using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>SmolLM2-135M-Instruct quantized by llama.cpp, against llama.cpp on the same numbers in float32: on blocks it rounds the inputs
/// of products, which moves logits by whole units.</summary>
public sealed class SmolLm2QuantizationTests(ITestOutputHelper output)
{
    private const int Steps = 24;
    private const float DecisiveMargin = 0.05f;
    private const float Tolerance = 1e-3f;

    /// <summary>Type, what rows hold that are no whole blocks of it, and how it is imported.</summary>
    private static readonly (string Type, TensorEncoding Otherwise, string Precision)[] Cases =
    [
        ("Q8_0", TensorEncoding.Q8_0, ModelPrecisions.Auto), ("Q4_0", TensorEncoding.Q4_0, ModelPrecisions.Auto),
        ("F32", TensorEncoding.F32, ModelPrecisions.Float32), ("F16", TensorEncoding.F16, ModelPrecisions.Float32),
        ("Q4_1", TensorEncoding.Q4_1, ModelPrecisions.Auto), ("Q5_0", TensorEncoding.Q5_0, ModelPrecisions.Auto),
        ("Q6_K", TensorEncoding.Q8_0, ModelPrecisions.Auto), ("Q4_K", TensorEncoding.Q5_0, ModelPrecisions.Auto),
    ];

    /// <summary>Two types; all with <c>TOLLGATE_TEST_QUANTIZATIONS=all</c>.</summary>
    public static TheoryData<string> Types => [.. Cases.Select(one => one.Type)
        .Take(Environment.GetEnvironmentVariable("TOLLGATE_TEST_QUANTIZATIONS") == "all" ? Cases.Length : 2)];

    [SharedTheory("models/smollm2-135m-instruct")]
    [MemberData(nameof(Types))]
    public async Task An_imported_quantization_answers_as_llama_cpp_does_on_its_numbers_in_float32(string type)
    {
        using var folder = new TemporaryFolder();
        var (_, otherwise, precision) = Cases.Single(one => one.Type == type);
        Write(folder, Enum.Parse<TensorEncoding>(type), otherwise);
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(ModelFiles.SharedModel("reference", "smollm2.json")))!;
        int[] prompt = [.. reference["chat"]![0]!["prompt_ids"]!.AsArray().Select(id => (int)id!)];
        var (ids, expected) = await AskLlamaCppAsync(folder.File("numbers.gguf"), prompt);
        File.Delete(folder.File("numbers.gguf"));

        var installed = await ModelImport.RunAsync(
            folder.File("quantized.gguf"), "quantized", folder.File("models"), new() { Precision = precision }, progress: null,
            CancellationToken.None);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);

        using var run = new DecoderRun(
            model.Session, model.Shape.Layers, model.Shape.KeyValueHeads, model.Shape.HeadWidth, prompt.Length + Steps);
        var logits = run.Append(prompt);
        var (worst, decisive, equal) = (0f, 0, 0);
        for (var step = 0; step < Steps; step++)
        {
            worst = Math.Max(worst, expected[step].Zip(logits).Max(pair => MathF.Abs(pair.First - pair.Second)));
            var margin = expected[step][ids[step]] - expected[step].Where((_, id) => id != ids[step]).Max();
            var chosen = TensorPrimitives.IndexOfMax<float>(logits);
            equal += chosen == ids[step] ? 1 : 0;
            if (margin >= DecisiveMargin)
            {
                decisive++;
                Assert.Equal(ids[step], chosen);
            }

            logits = run.Append([ids[step]]);
        }

        output.WriteLine(
            $"{type}: {new FileInfo(folder.File("quantized.gguf")).Length >> 20} MiB, installed as {installed.Manifest.Precision} in "
            + $"{installed.Manifest.Files.Sum(file => file.Bytes) >> 20} MiB; widest difference of a logit {worst:0.0000000}, {equal} of "
            + $"{Steps} tokens equal, {decisive} of them decisive");
        Assert.InRange(worst, 0, Tolerance);
        Assert.InRange(decisive, Steps * 3 / 4, Steps);
        Assert.Equal(precision == ModelPrecisions.Auto ? ModelPrecisions.Stored : precision, installed.Manifest.Precision);
    }

    /// <summary>Writes <c>quantized.gguf</c>, and <c>numbers.gguf</c> with its numbers in float32.</summary>
    private static void Write(TemporaryFolder folder, TensorEncoding encoding, TensorEncoding otherwise)
    {
        using var source = GgufFile.Open(ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var (quantized, numbers) = (Keys(source), Keys(source));
        foreach (var tensor in source.Tensors.Values)
        {
            var values = source.Read(tensor);
            if (tensor.Rows == 1)
            {
                quantized.Tensor(tensor.Name, tensor.Columns, rows: null, values);
                numbers.Tensor(tensor.Name, tensor.Columns, rows: null, values);
                continue;
            }

            var type = tensor.Columns % encoding.BlockLength() == 0 ? encoding : otherwise;
            var bytes = type == TensorEncoding.F32 ? MemoryMarshal.AsBytes<float>(values).ToArray()
                : LlamaCpp.Encode(type, values, tensor.Columns);
            quantized.Tensor(tensor.Name, tensor.Columns, tensor.Rows, type, bytes);
            numbers.Tensor(tensor.Name, tensor.Columns, tensor.Rows, type switch
            {
                TensorEncoding.F32 => values,
                TensorEncoding.F16 => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), number => (float)number),
                _ => LlamaCpp.Decode(type, bytes),
            });
        }

        quantized.Write(folder.File("quantized.gguf"));
        numbers.Write(folder.File("numbers.gguf"));
    }

    private static GgufWriter Keys(GgufFile source)
    {
        var file = new GgufWriter();
        foreach (var (key, value) in source.Metadata.Values)
        {
            file.Key(key, value switch
            {
                long whole => (int)whole,
                double real => (float)real,
                long[] wholes => Array.ConvertAll(wholes, whole => (int)whole),
                double[] reals => Array.ConvertAll(reals, real => (float)real),
                _ => value,
            });
        }

        return file;
    }

    private static async Task<(int[] Ids, float[][] Logits)> AskLlamaCppAsync(string path, int[] prompt)
    {
        var answers = await NodeOracle.RunAsync("Decoders/llama.mjs", new JsonArray(new JsonObject
        {
            ["file"] = path,
            ["context"] = 256,
            ["prompt"] = new JsonArray([.. prompt.Select(id => (JsonNode)id)]),
            ["steps"] = Steps,
        }));
        return (
            [.. answers[0]!["ids"]!.AsArray().Select(id => (int)id!)],
            [.. answers[0]!["logits"]!.AsArray().Select(
                row => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)row!)).ToArray())]);
    }
}
