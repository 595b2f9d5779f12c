using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.TensorFlowJs;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.TensorFlowJs;

public sealed class DamagedModelTests
{
    [Theory]
    [InlineData("modelTopology", "null", "no graph")]
    [InlineData("modelTopology.node", "[]", "no graph")]
    [InlineData("modelTopology.node", "[{\"name\":\"x\"}]", "without a name or an operator")]
    [InlineData("modelTopology.node.3.op", "\"NonMaxSuppressionV5\"", "'scores' (NonMaxSuppressionV5) has an operator that is not")]
    [InlineData("modelTopology.node.3.op", "\"While\"", "'scores' (While) has an operator that is not supported")]
    [InlineData("modelTopology.node.3.input.0", "\"nobody\"", "no node 'nobody'")]
    [InlineData("modelTopology.node.3.input.0", "\"scores\"", "reads its own result")]
    [InlineData("modelTopology.node.3.input.0", "\"x:4\"", "no output of number 4")]
    [InlineData("modelTopology.node.1.name", "\"x\"", "two nodes 'x'")]
    [InlineData("modelTopology.node.0.attr.shape.shape.dim.3.size", "\"4\"", "one input with pictures is supported")]
    [InlineData("modelTopology.node.0.attr.shape.shape.dim.1.size", "\"99999999\"", "one input with pictures is supported")]
    [InlineData("modelTopology.node.0.attr.shape.shape.dim.1.size", "\"many\"", "damaged attribute 'shape'")]
    [InlineData("format", "\"layers-model\"", "layers-model")]
    [InlineData("weightsManifest", "{}", "is not a list")]
    [InlineData("weightsManifest.0.paths", "[\"gone.bin\"]", "'gone.bin' is not beside the model")]
    [InlineData("weightsManifest.0.paths", "[\"../weights.bin\"]", "not a plain name")]
    [InlineData("weightsManifest.0.paths", "[\"/etc/passwd\"]", "not a plain name")]
    [InlineData("weightsManifest.0.paths", "[]", "cut off")]
    [InlineData("weightsManifest.0.paths", "[\"weights.bin\",\"weights.bin\"]", "bytes more than their tensors")]
    [InlineData("weightsManifest.0.weights.1.shape", "[3,3]", "the shape of 'scale' is wrong: it takes 36 bytes")]
    [InlineData("weightsManifest.0.weights.1.shape", "[1]", "bytes more than their tensors")]
    [InlineData("weightsManifest.0.weights.1.shape", "[-3]", "no shape")]
    [InlineData("weightsManifest.0.weights.1.shape", "[2147483647,2147483647,2147483647]", "more than 1073741824 bytes")]
    [InlineData("weightsManifest.0.weights.1.shape", "[1,1,1,1,1,1,1,1,3]", "no shape")]
    [InlineData("weightsManifest.0.weights.1.dtype", "\"complex64\"", "'complex64', which is not supported")]
    [InlineData("weightsManifest.0.weights.1.name", "\"space\"", "two of one name")]
    [InlineData("weightsManifest.0.weights.1.name", "\"other\"", "'scale' (Const) has no weights")]
    [InlineData("weightsManifest.0.weights.1.quantization", "{\"dtype\":\"uint4\"}", "'uint4', which is not supported")]
    [InlineData("weightsManifest.0.weights.1.quantization", "{\"dtype\":\"uint8\",\"min\":0}", "no usable 'scale'")]
    [InlineData("signature.outputs.all.name", "\"gone\"", "no node 'gone'")]
    [InlineData("signature.outputs.all.name", "\"scale\"", "does not depend on an input")]
    public async Task A_damaged_model_is_refused_with_a_clear_error(string member, string json, string error)
    {
        using var folder = new TemporaryFolder();
        var source = Write(folder.File("model"), root => Set(root, member, json));

        var refused = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(source, folder));

        Assert.Contains(error, refused.Message);
        Assert.Empty(new ModelStore(folder.File("models")).List());
    }

    [Fact]
    public async Task A_file_of_weights_that_is_cut_off_is_refused_and_so_is_one_that_is_too_long()
    {
        using var folder = new TemporaryFolder();
        var source = Write(folder.File("model"));
        var file = Path.Combine(source, "weights.bin");
        var whole = await File.ReadAllBytesAsync(file);

        await File.WriteAllBytesAsync(file, whole[..^1]);
        var brief = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(source, folder));
        await File.WriteAllBytesAsync(file, [.. whole, 0]);
        var lengthy = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(source, folder));
        await File.WriteAllBytesAsync(file, whole);
        var installed = await ImportAsync(source, folder);

        Assert.Contains("'scale' is wrong: it takes 12 bytes, and 11 are left", brief.Message);
        Assert.Contains("1 bytes more", lengthy.Message);
        Assert.Equal(("image-classification", "tfjs"), (installed.Manifest.Task, installed.Manifest.Source.Format));
    }

    [Fact]
    public async Task A_chain_of_nodes_may_be_long()
    {
        using var folder = new TemporaryFolder();
        var graph = new GraphFolder();
        var last = graph.Input("x", -1, 4, 4, 3);
        for (var i = 0; i < 10_000; i++)
        {
            last = graph.Node($"n{i}", "Relu", [last]);
        }

        using var model = GraphModel.Read(Path.Combine(graph.Write(folder.File("deep")), "model.json"));
        await GraphConverter.WriteAsync(
            model, new GraphOutput(last, null), null, folder.File("deep"), new OnnxNames("deep.onnx", "in", "out"), CancellationToken.None);

        Assert.True(new FileInfo(Path.Combine(folder.File("deep"), "deep.onnx")).Length > 200_000);
    }

    [Fact]
    public async Task Whole_numbers_are_not_divided_by_what_may_be_zero()
    {
        using var folder = new TemporaryFolder();
        var graph = new GraphFolder();
        graph.Node("size", "Shape", [graph.Input("x", 1, 4, 4, 3)]);
        graph.Node("floor", "FloorDiv", ["size", graph.Integers("zero", 1, 0, 1, 1)]);
        graph.Node("computed", "FloorMod", ["size", "size"]);
        using var model = GraphModel.Read(Path.Combine(graph.Write(folder.File("division")), "model.json"));

        foreach (var name in new[] { "floor", "computed" })
        {
            await Assert.ThrowsAsync<ModelImportException>(() => GraphConverter.WriteAsync(
                model, new GraphOutput(name, null), null, folder.File("division"), new OnnxNames("m.onnx", "in", "out"),
                CancellationToken.None));
        }
    }

    [Theory]
    [InlineData("uint8", 0.5, -1.0, new[] { -1f, 0f, 126.5f })]
    [InlineData("uint16", 0.25, 2.0, new[] { 2f, 2.5f, 16385.75f })]
    [InlineData("float16", 0.0, 0.0, new[] { 0f, 5.9604645e-8f, 65504f })]
    public async Task Quantised_weights_are_decoded(string type, double scale, double min, float[] expected)
    {
        using var folder = new TemporaryFolder();
        var bytes = type == "uint8" ? new byte[] { 0, 2, 255 } : new byte[6];
        if (type != "uint8")
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), type == "uint16" ? (ushort)2 : (ushort)1);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), type == "uint16" ? ushort.MaxValue : (ushort)0x7bff);
        }

        var graph = new GraphFolder();
        graph.Weight(
            "w", [3], "float32", bytes,
            type == "float16"
                ? new JsonObject { ["dtype"] = type } : new JsonObject { ["dtype"] = type, ["scale"] = scale, ["min"] = min });
        graph.Input("x", 1, 1, 1, 3);
        using var model = GraphModel.Read(Path.Combine(graph.Write(folder.File("quantised")), "model.json"));

        var (weights, _) = await model.ReadWeightsAsync(CancellationToken.None);

        Assert.Equal(expected, weights["w"].Floats);
    }

    /// <summary>A classifier of three labels: the means of the channels, scaled, through a softmax.</summary>
    private static string Write(string folder, Action<JsonObject>? change = null)
    {
        var graph = new GraphFolder();
        graph.Input("x", -1, 4, 4, 3);
        graph.Integers("space", 1, 2);
        graph.Floats("scale", [3], 1, 2, 3);
        graph.Node("scores", "Mean", ["x", "space"]);
        graph.Node("scaled", "Mul", ["scores", "scale"]);
        graph.Node("all", "Softmax", ["scaled"]);
        graph.Write(folder, change, ("all", [-1, 3]));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"id2label":{"0":"red","1":"green","2":"blue"}}""");
        File.WriteAllText(
            Path.Combine(folder, "preprocessor_config.json"), """{"size":{"height":4,"width":4},"resample":2,"do_normalize":false}""");
        return folder;
    }

    private static Task<InstalledModel> ImportAsync(string source, TemporaryFolder folder) => ModelImport.RunAsync(
        source, "toy", folder.File("models"), new ModelImportOptions(), progress: null, CancellationToken.None);

    private static void Set(JsonObject root, string path, string json)
    {
        var steps = path.Split('.');
        JsonNode at = root;
        foreach (var step in steps[..^1])
        {
            at = int.TryParse(step, out var index) && at is JsonArray list ? list[index]! : at[step]!;
        }

        if (at is JsonArray array)
        {
            array[int.Parse(steps[^1])] = JsonNode.Parse(json);
        }
        else
        {
            at[steps[^1]] = JsonNode.Parse(json);
        }
    }
}
