using System.Diagnostics;
using System.Text.Json.Nodes;
using Tollgate.Inference.Exported;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Exported;

/// <summary>Exported graphs that are damaged, foreign, or compute something else are refused by name, in bounded time and memory.</summary>
public sealed class HostileGraphTests
{
    private const string Family = "qwen2";

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/data")]
    [InlineData("..\\secret")]
    [InlineData("..")]
    public async Task Numbers_outside_the_folder_are_not_read(string location)
    {
        var refusal = await RefuseAsync(new() { Place = place => place with { Location = location } }, dataName: "model.onnx_data");

        Assert.Contains($"lies in '{location}', which is not the name of a file beside the graph", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_is_not_followed()
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, Family);
        new OptimumGraph(family).Write(ExportedImportTests.Begin(folder, family), "model.onnx_data");
        File.Move(folder.File("export/model.onnx_data"), folder.File("elsewhere"));
        File.CreateSymbolicLink(folder.File("export/model.onnx_data"), folder.File("elsewhere"));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Contains("'model.onnx_data' is a symbolic link", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_numbers_that_is_not_there_is_named()
    {
        var refusal = await RefuseAsync(new() { Place = place => place with { Location = "other" } }, dataName: "model.onnx_data");

        Assert.Contains("'other' is missing", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 4, "has 76548 bytes; its shape [299, 64] demands 76544")]
    [InlineData(0, -4, "has 76540 bytes; its shape [299, 64] demands 76544")]
    [InlineData(1L << 40, 0, "lies beyond the end of 'model.onnx_data'")]
    public async Task Sizes_and_places_that_lie_are_refused_by_the_constant(long offset, int length, string reason)
    {
        var refusal = await RefuseAsync(
            new() { Place = place => (place.Location, place.Offset + offset, place.Length + length) }, dataName: "model.onnx_data");

        Assert.Contains(reason, refusal, StringComparison.Ordinal);
        Assert.Contains("'model.embed_tokens.weight'", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 1_000_000_000, 1_000_000_000 }, "has the shape [1000000000, 1000000000], which is too large")]
    [InlineData(new long[] { 1_000_000_000 }, "has 4 bytes; its shape [1000000000] demands 4000000000")]
    [InlineData(new long[] { -1 }, "has the shape [-1], which is too large")]
    [InlineData(new long[] { 0, 1L << 62 }, "has the shape [0, 4611686018427387904], which is too large")]
    public async Task Shapes_of_a_billion_numbers_are_refused_before_anything_is_held(long[] shape, string reason)
    {
        var started = Stopwatch.GetTimestamp();
        var before = GC.GetTotalAllocatedBytes();

        var refusal = await RefuseAsync(new() { Extra = graph => graph.Constant("huge", ExportedType.Float32, new byte[4], shape) });

        Assert.Contains($"The constant 'huge' of 'model.onnx' {reason}", refusal, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
        Assert.True(GC.GetTotalAllocatedBytes() - before < 512 << 20);
    }

    [Fact]
    public async Task A_graph_that_wants_more_memory_than_runs_may_have_is_refused()
    {
        var refusal = await RefuseAsync(new()
        {
            Extra = graph => graph.Node("ConstantOfShape", "/model/Large", [graph.Wholes("large", [1L << 38], 1)], ["large_output"]),
        });

        Assert.Contains("ONNX Runtime cannot run 'model.onnx'", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Loop", "Loop '/model/Odd'")]
    [InlineData(":QMoE", "QMoE '/model/Odd'")]
    [InlineData("MatMulInteger", "MatMulInteger '/model/Odd'")]
    public async Task An_operator_that_is_not_known_is_refused_by_name(string type, string named)
    {
        var refusal = await RefuseAsync(new() { Extra = graph => graph.Node(type, "/model/Odd", ["input_ids"]) });

        Assert.Contains($"has the operator {named}", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_between_a_matrix_and_its_product_is_refused_by_its_name()
    {
        var refusal = await RefuseAsync(new()
        {
            Extra = graph => graph.Node(
                "Div", "/model/layers.0/self_attn/q_proj/Div", [Numbers(graph, "onnx::Div_7", 64, 64), Numbers(graph, "by", 1)]),
        });

        Assert.Contains("The constant 'onnx::Div_7' [64, 64], which Div '/model/layers.0/self_attn/q_proj/Div' uses", refusal,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/model/layers.0/mlp/experts.0/up_proj/MatMul")]
    [InlineData("/model/layers.7/mlp/up_proj/MatMul")]
    [InlineData("/other/MatMul")]
    public async Task A_matrix_of_no_part_of_the_model_is_refused_by_name(string node)
    {
        var refusal = await RefuseAsync(new()
        {
            Extra = graph => graph.Node("MatMul", node, [
                graph.Node("Cast", "/model/Cast", ["input_ids"], ("to", 1)), Numbers(graph, "onnx::MatMul_7", 8, 8)]),
        });

        Assert.Matches("'onnx::MatMul_7' \\[8, 8\\], which MatMul|has a part 'blk.7.ffn_up.weight'", refusal);
    }

    [Fact]
    public async Task A_second_matrix_for_a_part_is_refused_by_name()
    {
        var refusal = await RefuseAsync(new()
        {
            Extra = graph => graph.Node("MatMul", "/model/layers.0/self_attn/q_proj/MatMul_9", [
                graph.Node("Cast", "/model/Cast", ["input_ids"], ("to", 1)), Numbers(graph, "onnx::MatMul_7", 64, 64)]),
        });

        Assert.Contains("is a second one for 'blk.0.attn_q.weight'", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_matrix_that_is_called_otherwise_is_refused_by_name()
    {
        var refusal = await RefuseAsync(new() { Renamed = "model.layers.1.mlp.down_proj" });

        Assert.Contains("which MatMul '/odd/MatMul' uses, is no part of a Qwen2ForCausalLM", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_that_is_missing_is_named()
    {
        var refusal = await RefuseAsync(new(), config => config["num_hidden_layers"] = 3);

        Assert.Contains("The graph lacks 'model.layers.2.", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rope_theta", "500")]
    [InlineData("rms_norm_eps", "0.1")]
    [InlineData("rope_scaling", """{"type":"linear","factor":2}""")]
    public async Task A_graph_that_computes_something_else_than_its_configuration_is_refused_with_the_measure(string member, string value)
    {
        var refusal = await RefuseAsync(new(), config => config[member] = JsonNode.Parse(value));

        Assert.Contains("computes something else than the model of its configuration: the difference of its logits is", refusal,
            StringComparison.Ordinal);
        Assert.Contains("at most 0.001 is accepted", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_window_that_no_short_prompt_shows_is_compared_by_its_number()
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, Family);
        var graph = new GenerativeGraph(family) { Window = 100 };
        graph.Write(ExportedImportTests.Begin(folder, family, graph: graph, config: family.Config()));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Contains("GroupQueryAttention '/model/layers.0/attn/GroupQueryAttention' attends to a window of 100 tokens", refusal.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nemotron", null, "'config.json' is missing in the folder, and the model is of the type 'nemotron' ('model.type' of")]
    [InlineData("phi3", "If", "its member 'rope_scaling' cannot be read out of the graph, which has If '/model/rotemb/If' between tables")]
    [InlineData("qwen2", "None", "its member 'rope_theta' cannot be read out of the graph, which has no one table of cosines and sines")]
    public async Task What_neither_the_graph_nor_the_configuration_shows_is_named_with_its_file(string type, string? tables, string reason)
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, type == "nemotron" ? Family : type);
        var graph = new GenerativeGraph(family) { Tables = tables };
        var path = ExportedImportTests.Begin(folder, family, graph: graph);
        graph.Write(path);
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(folder.File("export/genai_config.json")))!;
        settings["model"]!["type"] = type;
        await File.WriteAllTextAsync(folder.File("export/genai_config.json"), settings.ToJsonString());

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("Copy the model's 'config.json' into the folder.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_weight_that_is_no_number_is_refused_by_its_constant_and_nothing_is_left()
    {
        var refusal = await RefuseAsync(new()
        {
            Change = (name, numbers) => numbers[0] = name == "blk.1.attn_norm.weight" ? float.NaN : numbers[0],
        });

        Assert.Contains("'model.layers.1.input_layernorm.weight' holds numbers that are not finite", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.999)]
    public async Task A_graph_that_is_cut_off_is_refused(double share)
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, Family);
        var path = ExportedImportTests.Begin(folder, family);
        new OptimumGraph(family).Write(path);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength((long)(file.Length * share));
        }

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Contains("not an ONNX model", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":3}""", "'model'")]
    [InlineData("""{"search":{}}""", "'model'")]
    [InlineData("""{"model":{"type":"qwen2"}}""", "'model.decoder'")]
    [InlineData("""{"model":{"type":"whisper","decoder":{}}}""", "of the type 'whisper'")]
    [InlineData("""{"model":{"type":"qwen2","decoder":{"filename":"../model.onnx"}}}""", "'../model.onnx'")]
    [InlineData("""{"model":{"type":"qwen2","decoder":{"head_size":1e9}}}""", "GroupQueryAttention")]
    public async Task A_configuration_of_genai_is_refused_by_the_member(string json, string reason)
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, Family);
        new OptimumGraph(family).Write(ExportedImportTests.Begin(folder, family));
        File.Delete(folder.File("export/config.json"));
        File.WriteAllText(folder.File("export/genai_config.json"), json);

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [SharedFact("models/whisper-tiny.en/decoder_model_merged_quantized.onnx")]
    public async Task A_real_merged_decoder_of_another_task_is_refused_by_its_operator()
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, Family);
        var path = ExportedImportTests.Begin(folder, family, "decoder_model_merged.onnx");
        File.Copy(SharedFiles.At("models/whisper-tiny.en/decoder_model_merged_quantized.onnx"), path);

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Contains("has the operator", refusal.Message, StringComparison.Ordinal);
    }

    private static string Numbers(GraphWriter graph, string name, params long[] shape) =>
        graph.Reals(name, new float[shape.Aggregate(1L, (count, size) => count * size)], ExportedType.Float32, shape);

    private static async Task<string> RefuseAsync(
        GraphChange change, Action<JsonObject>? configure = null, string? dataName = null)
    {
        using var folder = new TemporaryFolder();
        using var family = ExportedImportTests.Make(folder, Family);
        var config = family.Config();
        configure?.Invoke(config);
        new OptimumGraph(family) { Place = change.Place, Extra = change.Extra, Renamed = change.Renamed, Change = change.Change }.Write(
            ExportedImportTests.Begin(folder, family, config: config), dataName);

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ExportedImportTests.ImportAsync(folder));

        Assert.Empty(Directory.EnumerateFiles(folder.File("models"), "*", SearchOption.AllDirectories));
        return refusal.Message;
    }

    private sealed record GraphChange
    {
        public Func<(string Location, long Offset, long Length), (string Location, long Offset, long Length)> Place { get; init; } =
            place => place;

        public Action<GraphWriter>? Extra { get; init; }

        public string? Renamed { get; init; }

        public Action<string, float[]>? Change { get; init; }
    }
}
