using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>What a GGUF file says of its attention is computed, or the file is refused.</summary>
public sealed class AttentionKeysTests
{
    [Theory]
    [InlineData("llama.logit_scale", 0.25f)]
    [InlineData("llama.residual_scale", 0.5f)]
    [InlineData("llama.attention.sliding_window_pattern", 4)]
    [InlineData("llama.attention.clamp_kqv", 8f)]
    [InlineData("llama.attention.max_alibi_bias", 8f)]
    [InlineData("llama.attention.causal", false)]
    [InlineData("llama.use_parallel_residual", true)]
    [InlineData("llama.expert_count", 8)]
    [InlineData("llama.rope.scaling.alpha", 0.7f)]
    [InlineData("llama.rope.scaling.type", "dynamic")]
    [InlineData("llama.rope.scaling.factor", -2f)]
    [InlineData("llama.rope.freq_base_swa", 500f)]
    [InlineData("llama.attention.temperature_scale", 0.1f)]
    [InlineData("llama.attention.layer_norm_epsilon", 1e-5f)]
    [InlineData("llama.attention.scale", 0f)]
    [InlineData("llama.attention.scale", float.NaN)]
    [InlineData("llama.attn_logit_softcapping", -1f)]
    [InlineData("llama.something_new", "x")]
    [InlineData("tokenizer.ggml.add_eos_token_always", true)]
    [InlineData("tokenizer.ggml.add_space_prefix", true)]
    [InlineData("tokenizer.ggml.precompiled_charsmap", "x")]
    [InlineData("tokenizer.ggml.normalizer", "nfkc")]
    public async Task RunAsync_refuses_a_key_that_it_does_not_compute_and_names_it(string key, object value)
    {
        using var folder = new TemporaryFolder();
        ChangedGguf.Write(folder.File("changed.gguf"), (key, value));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));

        Assert.Contains(key.Split('.')[^1].Replace("type", "dynamic", StringComparison.Ordinal), refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.type", "adapter", "'adapter'")]
    [InlineData("llama.pooling_type", 1, "embeddings")]
    [InlineData("llama.pooling_type", 4, "ranking")]
    public async Task RunAsync_names_the_task_of_a_file_that_it_does_not_take(string key, object value, string named)
    {
        using var folder = new TemporaryFolder();
        if (key == "general.type")
        {
            Rename(folder, "general.type", "general.kind"); // the file has that key already
            ChangedGguf.Write(folder.File("renamed.gguf"), folder.File("changed.gguf"), (key, value));
        }
        else
        {
            ChangedGguf.Write(folder.File("changed.gguf"), (key, value));
        }

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_takes_window_scale_and_softcaps_into_the_graph()
    {
        var plain = await FirstLogitsAsync();
        (string, object)[][] files =
        [
            [("llama.attention.sliding_window", 4)], [("llama.attention.sliding_window", 5)], [("llama.attention.scale", 0.1f)],
            [("llama.attn_logit_softcapping", 2f)], [("llama.final_logit_softcapping", 5f)], [("llama.rope.scaling.factor", 2f)],
            [("llama.rope.scale_linear", 3f)],
        ];

        // The import itself compares each graph with the plain forward pass; here they must differ from each other.
        var found = new List<float[]> { plain };
        foreach (var keys in files)
        {
            var logits = await FirstLogitsAsync(keys);
            Assert.DoesNotContain(found, other => other.Zip(logits).All(pair => MathF.Abs(pair.First - pair.Second) < 1e-4f));
            found.Add(logits);
        }

        Assert.Equal(plain, await FirstLogitsAsync(("llama.attention.sliding_window", 512))); // as long as the context
        Assert.Equal(plain, await FirstLogitsAsync(("llama.rope.scaling.type", "none"), ("llama.rope.scaling.factor", 2f)));
    }

    /// <summary>The kernel alone against attention written out in double precision.</summary>
    [Theory]
    [InlineData(-1, 0f, 0f)]
    [InlineData(1, 0f, 0f)]
    [InlineData(3, 0f, 0f)]
    [InlineData(3, 0.5f, 1.5f)]
    [InlineData(-1, 0.05f, 0f)]
    [InlineData(-1, 0f, 0.7f)]
    public void GroupQueryAttention_computes_what_its_attributes_say(int window, float scale, float softcap)
    {
        const int Tokens = 9;
        const int Heads = 4;
        const int Shared = 2;
        const int Width = 16;
        var random = new Random(3);
        var packed = Enumerable.Range(0, Tokens * (Heads + (2 * Shared)) * Width)
            .Select(_ => (float)(random.NextDouble() - 0.5) * 4).ToArray();

        var actual = RunKernel(packed, Tokens, Heads, Shared, Width, window, scale, softcap);

        var row = (Heads + (2 * Shared)) * Width;
        for (var t = 0; t < Tokens; t++)
        {
            for (var head = 0; head < Heads; head++)
            {
                var first = window < 0 ? 0 : Math.Max(0, t - window + 1); // a window of 1 sees itself only
                var key = (Heads + (head / (Heads / Shared))) * Width;
                var scores = Enumerable.Range(first, t + 1 - first).Select(other =>
                {
                    var dot = Enumerable.Range(0, Width).Sum(
                        i => (double)packed[(t * row) + (head * Width) + i] * packed[(other * row) + key + i]);
                    var score = dot * (scale == 0 ? 1 / Math.Sqrt(Width) : scale);
                    return Math.Exp(softcap == 0 ? score : softcap * Math.Tanh(score / softcap));
                }).ToArray();
                for (var i = 0; i < Width; i++)
                {
                    var mixed = scores.Select((s, n) => s * packed[((first + n) * row) + key + (Shared * Width) + i]).Sum() / scores.Sum();
                    Assert.Equal(mixed, actual[(t * Heads * Width) + (head * Width) + i], 1e-4);
                }
            }
        }
    }

    /// <summary>A width that the kernel does not run is filled with zeros up to one that it runs; the trial says which.</summary>
    [Fact]
    public void Fit_finds_a_width_that_the_kernel_runs_and_refuses_the_rest()
    {
        foreach (var width in (int[])[2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 100, 128, 256])
        {
            foreach (var pairsNeighbours in (bool[])[true, false])
            {
                var fitted = KernelTrial.Fit(
                    Shape(width, window: 4) with
                    {
                        Family = DecoderFamily.All.First(family => (family.Positions == PositionForm.RotatedNeighbours) == pairsNeighbours),
                        AttentionSoftcap = 3,
                    },
                    new SessionFactory(ExecutionProvider.Cpu));

                Assert.InRange(fitted.KernelWidth, width, width + 14);
                Assert.True(fitted.KernelWidth == width || width % 16 != 0);
            }
        }

        var failure = Record.Exception(() => KernelTrial.Run(Shape(12), new SessionFactory(ExecutionProvider.Cpu)));
        Assert.True(failure is null || failure.Message.Contains("4 heads of width 12", StringComparison.Ordinal), $"{failure}");
    }

    [SharedFact("models/stories260k")]
    public async Task A_model_with_heads_of_width_8_gives_the_reference_answer()
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(ModelFiles.SharedModel("stories260k", "stories260K.gguf"));
        var weights = new DecoderWeights(file);
        weights.Shape = KernelTrial.Fit(weights.Shape, new SessionFactory(ExecutionProvider.Cpu));
        var shape = weights.Shape;
        DecoderGraph.Write(weights, WeightPrecision.Float32, folder.Path);
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(ModelFiles.SharedModel("reference", "stories260k.json")))!;
        int[] prompt = [.. reference["prompt_ids"]!.AsArray().Select(id => (int)id!)];
        int[] expected = [.. reference["output_ids"]!.AsArray().Select(id => (int)id!)];

        using var session = new SessionFactory(ExecutionProvider.Cpu).Open(folder.File("model.onnx"));
        var capacity = prompt.Length + expected.Length;
        using var run = new DecoderRun(session, shape.Layers.Count, shape.KeyValueHeads, shape.KernelWidth, capacity);
        var logits = run.Append(prompt);
        foreach (var id in expected)
        {
            Assert.Equal(id, Array.IndexOf(logits, logits.Max()));
            logits = run.Append([id]);
        }
    }

    private static DecoderShape Shape(int headWidth, int? window = null) => new()
    {
        Family = DecoderFamily.All[0],
        Layers = [new LayerShape(window, Rotation.Plain(headWidth, ropeBase: 10_000))],
        Width = 4 * headWidth,
        FeedForward = 32,
        Heads = 4,
        KeyValueHeads = 2,
        HeadWidth = headWidth,
        Vocabulary = 64,
        Context = 64,
        NormEpsilon = 1e-5f,
        AttentionScale = 1 / MathF.Sqrt(headWidth),
    };

    private static float[] RunKernel(float[] packed, int tokens, int heads, int shared, int width, int window, float scale, float softcap)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("packed", typeof(float), 1, tokens, (heads + (2 * shared)) * width);
        graph.Input("past", typeof(float), 1, shared, 0, width);
        graph.Input("lengths", typeof(int), 1);
        graph.Input("total", typeof(int), 1);
        graph.Node(
            "GroupQueryAttention", OnnxGraphBuilder.MicrosoftDomain, ["packed", "", "", "past", "past", "lengths", "total"],
            ["mixed", "key", "value"], ("num_heads", heads), ("kv_num_heads", shared), ("local_window_size", window), ("scale", scale),
            ("softcap", softcap));
        graph.Output("mixed", typeof(float), 1, tokens, heads * width);
        graph.Output("key", typeof(float), 1, shared, tokens, width);
        graph.Output("value", typeof(float), 1, shared, tokens, width);
        using var session = new SessionFactory(ExecutionProvider.Cpu).Open(graph.ToModel().ToArray());
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(packed, [1, tokens, packed.Length / tokens]);
        using var past = OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [1, shared, 0, width]);
        using var lengths = OrtValue.CreateTensorValueFromMemory(new[] { tokens - 1 }, [1]);
        using var total = OrtValue.CreateTensorValueFromMemory(new[] { tokens }, [1]);
        using var outputs = session.Run(options, ["packed", "past", "lengths", "total"], [input, past, lengths, total], ["mixed"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static void Rename(TemporaryFolder folder, string key, string other)
    {
        var bytes = File.ReadAllBytes(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        var at = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(key));
        System.Text.Encoding.ASCII.GetBytes(other).CopyTo(bytes, at);
        File.WriteAllBytes(folder.File("renamed.gguf"), bytes);
    }

    private static async Task<float[]> FirstLogitsAsync(params (string, object)[] keys)
    {
        using var folder = new TemporaryFolder();
        ChangedGguf.Write(folder.File("changed.gguf"), keys);
        var installed = await ImportAsync(folder);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        using var run = new DecoderRun(model.Session, model.Shape.Layers, model.Shape.KeyValueHeads, model.Shape.HeadWidth, 32);
        return run.Append([.. Enumerable.Range(50, 20)]);
    }

    private static Task<InstalledModel> ImportAsync(TemporaryFolder folder) => ModelImport.RunAsync(
        folder.File("changed.gguf"), "changed", folder.File("models"), new(), progress: null, CancellationToken.None);
}
