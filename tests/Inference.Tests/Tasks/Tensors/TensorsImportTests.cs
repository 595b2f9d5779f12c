using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Tensors;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Tensors;

public sealed class TensorsImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_graph_that_no_other_task_takes_is_installed_with_its_inputs_and_outputs()
    {
        var source = TensorModels.WriteProduct(_folder.File("source"), 4, 3);

        var installed = await ImportAsync(source);

        var manifest = installed.Manifest;
        Assert.Equal(("tensors", "onnx", true), (manifest.Task, manifest.Source.Format, manifest.Batching));
        Assert.Null(manifest.Notes);
        var signature = ModelTensors.Of(manifest)!;
        Assert.Equal("x FP32 -1,4 rows,", Describe(Assert.Single(signature.Inputs)));
        Assert.Equal("y FP32 -1,3 rows,", Describe(Assert.Single(signature.Outputs)));
        Assert.Equal(1 << 20, signature.MostElements);
        Assert.Equal("tensors", ModelImport.FindTask(_folder.File("source"))); // The folder as well.
    }

    [Fact]
    public async Task Requests_share_runs_only_where_rows_stay_apart_and_every_first_dimension_is_free()
    {
        Assert.False((await ImportAsync(TensorModels.WriteCentred(_folder.File("centred")))).Manifest.Batching);
        Assert.False((await ImportAsync(TensorModels.WriteZeros(_folder.File("zeros")))).Manifest.Batching);
        Assert.False((await ImportAsync(TensorModels.Write(_folder.File("fixed"), graph =>
        {
            graph.Input("x", TensorElementType.Float, 1, 2);
            graph.Node("Neg", "", ["x"], ["y"]);
            graph.Output("y", typeof(float), 1, 2);
        }))).Manifest.Batching);
    }

    [Fact]
    public async Task A_task_that_is_named_takes_the_source_and_no_other_one()
    {
        var source = TensorModels.WriteProduct(_folder.File("source"), 4, 3);

        var refused = await Assert.ThrowsAsync<ModelImportException>(
            () => ImportAsync(source, new ModelImportOptions { Task = "embeddings" }));
        var unknown = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(source, new ModelImportOptions { Task = "dreams" }));
        var forced = await ImportAsync(
            Path.Combine(ModelFiles.Defaults, "tiny-sentiment"), new ModelImportOptions { Task = "tensors", MostElements = 7 });

        Assert.Contains("tokenizer", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'dreams'", unknown.Message, StringComparison.Ordinal);
        Assert.Equal("tensors", forced.Manifest.Task);
        Assert.Equal(7, ModelTensors.Of(forced.Manifest)!.MostElements);
        Assert.Contains("classification", Assert.Single(forced.Manifest.Notes!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_a_tensor_of_the_protocol_is_refused_by_name()
    {
        var sequence = TensorModels.Write(_folder.File("sequence"), graph =>
        {
            graph.Input("x", TensorElementType.Float, "n");
            graph.Node("SequenceConstruct", "", ["x"], ["list"]);
            graph.Output("list");
        });
        var foreign = TensorModels.Write(_folder.File("foreign"), graph =>
        {
            graph.Input("x", TensorElementType.Float, "n");
            graph.Node("Dream", "example.com", ["x"], ["y"]);
            graph.Output("y", typeof(float), "n");
        });

        var listed = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(sequence));
        var unknown = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(foreign));

        Assert.Contains("output 'list' is no tensor", listed.Message, StringComparison.Ordinal);
        Assert.Contains("'example.com'", unknown.Message, StringComparison.Ordinal);
    }

    private Task<InstalledModel> ImportAsync(string source, ModelImportOptions? options = null) => ModelImport.RunAsync(
        source, "m", _folder.File("models"), options ?? new ModelImportOptions(), progress: null, CancellationToken.None);

    private static string Describe(TensorSpec spec) =>
        $"{spec.Name} {spec.Datatype} {string.Join(',', spec.Shape)} {string.Join(',', spec.Symbols)}";
}
