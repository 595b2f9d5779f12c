using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Import;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Tests.Runs;

/// <summary>An encoder of one layer with random weights, installed as an embedding model, that knows the words of a file.</summary>
internal sealed class TinyBase
{
    private const int Width = 32;

    private readonly ModelGraph _graph = new();
    private readonly SeededRandom _random = new(5);

    private TinyBase()
    {
    }

    /// <returns>The version's folder.</returns>
    public static async Task<string> InstallAsync(IEnumerable<string> texts)
    {
        var (folder, words) = (TestFolder.Create("tiny"), WordVocabulary.Of(texts));
        await File.WriteAllBytesAsync(Path.Combine(folder, "tokenizer.json"), words.ToTokenizerFile());
        await File.WriteAllBytesAsync(Path.Combine(folder, "model.onnx"), new TinyBase().Build(words.Size).ToModel());
        var installed = await ModelImport.RunAsync(
            Path.Combine(folder, "model.onnx"), "tiny", TestFolder.Create("repository"), new ModelImportOptions(), null, default);
        return installed.Folder;
    }

    private ModelGraph Build(int words)
    {
        _graph.Inputs.Add(new GraphInput("input_ids", TensorElementType.Int64, ["batch", "tokens"]));
        _graph.Inputs.Add(new GraphInput("attention_mask", TensorElementType.Int64, ["batch", "tokens"]));
        var x = Normalized("embeddings", _graph.Add("Gather", [Weight("words", 1, words, Width), "input_ids"]));
        var keys = _graph.Add("Transpose", [Dense("key", x, Width)], ("perm", new long[] { 0, 2, 1 }));
        var away = _graph.Add(
            "Mul",
            [
                _graph.Add("Sub", [_graph.Number(1), _graph.Add("Cast", ["attention_mask"], ("to", (long)TensorElementType.Float))]),
                _graph.Number(-10_000),
            ]);
        var scores = _graph.Add(
            "Add", [_graph.Add("MatMul", [Dense("query", x, Width), keys]), _graph.Add("Unsqueeze", [away, _graph.Wholes(1)])]);
        var mixed = _graph.Add("MatMul", [_graph.Add("Softmax", [scores], ("axis", -1)), Dense("value", x, Width)]);
        x = Normalized("attention", _graph.Add("Add", [Dense("out", mixed, Width), x]));
        var wide = _graph.AddMicrosoft("Gelu", [Dense("wide", x, 2 * Width)]);
        x = Normalized("layer", _graph.Add("Add", [Dense("narrow", wide, Width, 2 * Width), x]));
        _graph.Nodes.Add(new ModelNode("Reshape", "", [x, _graph.Wholes(0, 0, Width)], ["last_hidden_state"]));
        _graph.Outputs.Add("last_hidden_state");
        return _graph;
    }

    private string Dense(string name, string x, int outputs, int inputs = Width) => _graph.Add(
        "Add",
        [
            _graph.Add("MatMul", [x, Weight($"{name}.weight", 1 / Math.Sqrt(inputs), inputs, outputs)]),
            Weight($"{name}.bias", 0.1, outputs),
        ]);

    private string Normalized(string name, string x)
    {
        _graph.Initializers[$"{name}.norm.weight"] = OnnxTensor.Of([.. Enumerable.Repeat(1f, Width)], Width);
        _graph.Initializers[$"{name}.norm.bias"] = OnnxTensor.Of(new float[Width], Width);
        return _graph.Add(
            "LayerNormalization", [x, $"{name}.norm.weight", $"{name}.norm.bias"], ("axis", -1), ("epsilon", 1e-5f));
    }

    private string Weight(string name, double bound, params long[] shape)
    {
        _graph.Initializers[name] =
            OnnxTensor.Of(RandomWeights.Even(_random, shape.Aggregate(1L, (count, size) => count * size), bound), shape);
        return name;
    }
}
