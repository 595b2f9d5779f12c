using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Exported;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Decoders;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Exported;

/// <summary>Graphs that Optimum and onnxruntime-genai export, against the GGUF of the same weights.</summary>
public sealed class ExportedImportTests
{
    private const float Tolerance = 1e-4f;

    private static readonly int[] Prompt = [.. TinyFamilyModels.Prompt.Take(24)];

    [Theory]
    [InlineData("llama: grouped heads")]
    [InlineData("llama: equal heads")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gemma")]
    [InlineData("gemma3: its own pattern and local base")]
    [InlineData("phi3")]
    [InlineData("smollm3")]
    [InlineData("gpt2")]
    public async Task A_graph_of_Optimum_gives_the_logits_of_the_GGUF_of_its_weights(string name)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        new OptimumGraph(family).Write(Begin(folder, family));

        var installed = await ImportAsync(folder);

        await CompareAsync(installed, family.Weights);
        Assert.Contains("The exported graph was run once", string.Join(' ', installed.Manifest.Notes!), StringComparison.Ordinal);
        Assert.Equal("onnx", installed.Manifest.Source.Format);
        var same = await ImportAsync(folder, "tiny.gguf", "same");
        Assert.Equal(await LogitsAsync(same), await LogitsAsync(installed));
    }

    [Theory]
    [InlineData("llama: grouped heads", false, "0.1")]
    [InlineData("llama: grouped heads", true, "0.001")] // It computes in float32.
    [InlineData("gemma3: its own pattern and local base", false, "0.1")]
    [InlineData("gemma3: its own pattern and local base", true, "0.001")]
    public async Task A_graph_of_Optimum_in_half_precision_is_read_exactly(string name, bool casts, string bound)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        new OptimumGraph(family) { Type = ExportedType.Float16, Casts = casts }.Write(Begin(folder, family), "model.onnx_data");

        var installed = await ImportAsync(folder);

        Assert.Contains($"; {bound} is accepted", string.Join(' ', installed.Manifest.Notes!), StringComparison.Ordinal);
        using var exported = ExportedFolder.Open(folder.File("export"));
        foreach (var tensor in exported.Weights.Tensors.Values)
        {
            var source = family.File.Read(family.File.Tensors[tensor.Name]);
            Assert.Equal(source.Select(number => (float)(Half)number), exported.Weights.Read(tensor));
        }

        await CompareAsync(installed, new DecoderWeights(exported.Weights));
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("gpt2")]
    public async Task A_graph_keeps_its_numbers_in_a_file_beside_it(string name)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        new OptimumGraph(family).Write(Begin(folder, family), "model.onnx_data");

        await CompareAsync(await ImportAsync(folder), family.Weights);
    }

    [Theory]
    [InlineData("llama: grouped heads")]
    [InlineData("gpt2")]
    public async Task The_branches_of_a_merged_graph_share_their_weights(string name)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        new OptimumGraph(family).WriteMerged(Begin(folder, family, "decoder_model_merged.onnx"));

        await CompareAsync(await ImportAsync(folder), family.Weights);
    }

    [Fact]
    public async Task A_graph_lies_in_a_folder_of_its_own()
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, "qwen3");
        Directory.CreateDirectory(folder.File("export/onnx"));
        Begin(folder, family);
        new OptimumGraph(family).Write(folder.File("export/onnx/model.onnx"), "model.onnx_data");

        await CompareAsync(await ImportAsync(folder), family.Weights);
    }

    [Fact]
    public async Task A_graph_without_a_past_is_taken()
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, "qwen3");
        new OptimumGraph(family).WriteWithoutPast(Begin(folder, family, "decoder_model.onnx"));

        await CompareAsync(await ImportAsync(folder), family.Weights);
    }

    [Theory]
    [InlineData("llama: grouped heads")]
    [InlineData("gemma")]
    public async Task Matrices_and_norms_that_the_graph_itself_turns_and_raises_are_followed(string name)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        new OptimumGraph(family) { TurnsInGraph = true }.Write(Begin(folder, family));

        await CompareAsync(await ImportAsync(folder), family.Weights);
    }

    [Theory]
    [InlineData("llama: grouped heads", true)]
    [InlineData("llama: grouped heads", false)]
    [InlineData("llama: equal heads", true)]
    [InlineData("llama 3: frequencies divided", true)]
    [InlineData("mistral: a window", true)]
    [InlineData("qwen2", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", false)]
    [InlineData("gemma", true)]
    [InlineData("gemma2", true)]
    [InlineData("gemma3", false)]
    [InlineData("gemma3: its own pattern and local base", false)]
    [InlineData("smollm3", true)]
    [InlineData("llama: linear scaling", true)]
    [InlineData("phi3", true)]
    [InlineData("phi3", false)]
    public async Task A_graph_of_genai_gives_the_logits_of_the_GGUF_without_a_configuration_of_its_own(string name, bool isPacked)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        var graph = new GenerativeGraph(family) { IsPacked = isPacked };
        graph.Write(Begin(folder, family, graph: graph));

        var installed = await ImportAsync(folder);

        await CompareAsync(installed, family.Weights);
        Assert.Equal([256, 259], installed.Manifest.Tokenizer!.EosIds);
        Assert.Equal(family.Family.Context, installed.Manifest.Limits.ContextLength);
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("gemma2")]
    public async Task A_graph_of_genai_is_read_by_the_configuration_beside_it(string name)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name);
        var graph = new GenerativeGraph(family);
        graph.Write(Begin(folder, family, graph: graph, config: family.Config()));

        await CompareAsync(await ImportAsync(folder), family.Weights);
    }

    [Theory]
    [InlineData("llama: grouped heads", 4, 32, false, false)]
    [InlineData("llama: grouped heads", 4, 32, true, false)]
    [InlineData("llama: grouped heads", 8, 32, false, true)]
    [InlineData("llama: grouped heads", 4, 32, true, true)]
    [InlineData("qwen2", 8, 32, true, false)]
    [InlineData("qwen3", 4, 16, false, false)]
    [InlineData("phi3", 4, 64, true, false)]
    public async Task Blocks_of_genai_give_the_logits_of_the_numbers_that_they_stand_for(
        string name, int bits, int block, bool hasZeros, bool sharesTable)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, name, forward: 128);
        var graph = new GenerativeGraph(family) { Bits = bits, Block = block, HasZeros = hasZeros, SharesTable = sharesTable };
        graph.Write(Begin(folder, family, graph: graph));

        var installed = await ImportAsync(folder);

        await CompareAsync(installed, new DecoderWeights(new RoundedWeights(family.File, graph.Rounded) { IsShared = sharesTable }));
        // Blocks of 16 are dequantised; all else keeps them, so the precision is that of the file.
        Assert.Equal(block == 16 ? ModelPrecisions.Float32 : ModelPrecisions.Stored, installed.Manifest.Precision);
    }

    [Theory]
    [InlineData(4, false, false)]
    [InlineData(4, true, false)]
    [InlineData(8, true, false)]
    [InlineData(4, false, true)]
    [InlineData(8, false, true)]
    public async Task Blocks_before_a_product_give_the_logits_of_the_numbers_that_they_stand_for(int bits, bool hasZeros, bool isTurned)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, "llama: grouped heads", forward: 128);
        var graph = new GenerativeGraph(family) { Bits = bits, HasZeros = hasZeros, IsLinear = true, IsTurned = isTurned };
        graph.Write(Begin(folder, family, graph: graph));

        await CompareAsync(await ImportAsync(folder), new DecoderWeights(new RoundedWeights(family.File, graph.Rounded)));
    }

    [Fact]
    public async Task Stored_blocks_stay_as_they_are_in_the_graph()
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, "llama: grouped heads", forward: 128);
        var graph = new GenerativeGraph(family) { Bits = 4, HasZeros = true };
        graph.Write(Begin(folder, family, graph: graph));
        using var exported = ExportedFolder.Open(folder.File("export"));

        var query = exported.Weights.Tensors["blk.1.attn_q.weight"];
        var decoded = new float[query.Elements];
        Dequantizer.Decode(query.Encoding, exported.Weights.ReadEncoded(query, 0, query.Rows), decoded);

        Assert.Equal(TensorEncoding.Onnx4Raised, query.Encoding);
        Assert.All(decoded.Zip(graph.Rounded["blk.1.attn_q.weight"]), pair => Assert.Equal(pair.Second, pair.First, 1e-6f));
        Assert.All(exported.Weights.Read(query).Zip(graph.Rounded["blk.1.attn_q.weight"]), pair => Assert.Equal(pair.Second, pair.First));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task A_graph_in_half_precision_is_read_exactly_and_compared_more_loosely(int bits)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, "llama: grouped heads", forward: 128);
        var graph = new GenerativeGraph(family) { Type = ExportedType.Float16, Bits = bits };
        graph.Write(Begin(folder, family, graph: graph));

        var installed = await ImportAsync(folder);

        Assert.Contains("0.1 is accepted", string.Join(' ', installed.Manifest.Notes!), StringComparison.Ordinal);
        using var exported = ExportedFolder.Open(folder.File("export"));
        var norm = exported.Weights.Tensors["blk.0.attn_norm.weight"];
        Assert.Equal(
            family.Read("blk.0.attn_norm.weight").Select(number => (float)(Half)number), exported.Weights.Read(norm));
        await CompareAsync(installed, new DecoderWeights(exported.Weights));
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("int8")]
    public async Task Stored_blocks_become_the_asked_precision(string precision)
    {
        using var folder = new TemporaryFolder();
        using var family = Make(folder, "llama: grouped heads", forward: 128);
        var graph = new GenerativeGraph(family) { Bits = 4 };
        graph.Write(Begin(folder, family, graph: graph));

        var installed = await ModelImport.RunAsync(
            folder.File("export"), "asked", folder.File("models"), new() { Precision = precision, ParityBound = 1 }, null,
            CancellationToken.None);

        Assert.Equal(precision, installed.Manifest.Precision);
    }

    internal static ExportedFamily Make(TemporaryFolder folder, string name, int? forward = null)
    {
        var family = TinyFamilies.All.Single(one => one.Name == name);
        // Heads of a width that GroupQueryAttention turns.
        return new ExportedFamily(
            family with { FeedForward = forward ?? family.FeedForward, HeadWidth = family.HeadWidth == 24 ? 32 : family.HeadWidth },
            folder.File("tiny.gguf"));
    }

    /// <summary>Makes a folder with everything but the graph, whose path it returns.</summary>
    internal static string Begin(
        TemporaryFolder folder, ExportedFamily family, string name = "model.onnx", GenerativeGraph? graph = null, JsonObject? config = null)
    {
        Directory.CreateDirectory(folder.File("export"));
        family.WriteBeside(folder.File("export"), graph is null ? config ?? family.Config() : config);
        if (graph is not null)
        {
            File.WriteAllText(folder.File("export/genai_config.json"), graph.Config().ToJsonString());
        }

        return folder.File(Path.Combine("export", name));
    }

    internal static Task<InstalledModel> ImportAsync(TemporaryFolder folder, string file = "export", string name = "exported") =>
        ModelImport.RunAsync(folder.File(file), name, folder.File("models"), new() { ParityBound = 1 }, null, CancellationToken.None);

    private static async Task<float[]> LogitsAsync(InstalledModel installed)
    {
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        using var run = new DecoderRun(model.Session, model.Shape.Layers, model.Shape.KeyValueHeads, model.Shape.HeadWidth, Prompt.Length);
        return run.Append(Prompt);
    }

    private static async Task CompareAsync(InstalledModel installed, DecoderWeights weights)
    {
        var expected = DecoderReference.Logits(weights, Prompt);
        var actual = await LogitsAsync(installed);

        var worst = expected.Zip(actual).Max(pair => MathF.Abs(pair.First - pair.Second));
        Assert.True(worst <= Tolerance, $"A logit is {worst} away.");
    }

    /// <summary>A file some of whose tensors have other numbers.</summary>
    private sealed class RoundedWeights(IWeightFile file, IReadOnlyDictionary<string, float[]> rounded) : IWeightFile
    {
        public GgufMetadata Metadata => file.Metadata;

        public IReadOnlyDictionary<string, GgufTensor> Tensors { get; } = file.Tensors
            .Append(new("output.weight", new GgufTensor(
                "output.weight", file.Tensors["token_embd.weight"].Columns, file.Tensors["token_embd.weight"].Rows, TensorEncoding.F32, 0)))
            .DistinctBy(pair => pair.Key).ToDictionary();

        /// <summary>The output's own numbers, where it shares the table of the input and only it is rounded.</summary>
        public float[] Read(GgufTensor tensor) => tensor.Name switch
        {
            "token_embd.weight" when !file.Tensors.ContainsKey("output.weight") && !IsShared => file.Read(tensor),
            "output.weight" when !file.Tensors.ContainsKey("output.weight") => rounded["token_embd.weight"],
            _ => rounded.GetValueOrDefault(tensor.Name) ?? file.Read(tensor),
        };

        public bool IsShared { get; init; }

        public byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows) => null;
    }
}
