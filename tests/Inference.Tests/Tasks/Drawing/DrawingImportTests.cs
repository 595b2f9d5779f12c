using System.Text.Json.Nodes;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Drawing;
using Tollgate.Inference.Tests.Diffusion;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

public sealed class DrawingImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Source => _folder.File("source");

    [Fact]
    public async Task RunAsync_takes_what_a_drawing_needs_in_its_folders_and_finds_out_that_pictures_can_share_calls()
    {
        CopyPainter();

        var installed = await ImportAsync();

        var files = installed.Manifest.Files.Select(file => file.Name).ToArray();
        Assert.Contains("unet/model.onnx", files);
        Assert.Contains("tokenizer/merges.txt", files);
        Assert.DoesNotContain(files, file => file.StartsWith("recipe", StringComparison.Ordinal) || file == "README.md");
        Assert.Equal(new ModelDrawing(20, 3, OwnTimesteps: true), ModelDrawing.Of(installed.Manifest));
        Assert.True(installed.Manifest.Batching);
        Assert.Equal(32, installed.Manifest.Limits.ContextLength);
        await ModelStore.VerifyAsync(installed, CancellationToken.None);
        var found = new ModelStore(_folder.File("models")).Find("painter");
        Assert.Equal(files, found!.Manifest.Files.Select(file => file.Name));
    }

    [Theory]
    [InlineData("model_index.json", "_class_name", "\"StableDiffusionXLImg2ImgPipeline\"", "StableDiffusionXLImg2ImgPipeline")]
    [InlineData("model_index.json", "_class_name", "\"StableDiffusion3Pipeline\"", "StableDiffusion3Pipeline")]
    [InlineData("model_index.json", "_class_name", "\"FluxPipeline\"", "FluxPipeline")]
    [InlineData("model_index.json", "_class_name", "\"StableDiffusionXLPipeline\"", "tokenizer_2")]
    [InlineData("model_index.json", "text_encoder_2", "[\"optimum\",\"ORTModelTextEncoder\"]", "text_encoder_2")]
    [InlineData("model_index.json", "controlnet", "[\"diffusers\",\"ControlNetModel\"]", "controlnet")]
    [InlineData("scheduler/scheduler_config.json", "_class_name", "\"HeunDiscreteScheduler\"", "HeunDiscreteScheduler")]
    [InlineData("scheduler/scheduler_config.json", "prediction_type", "\"flow\"", "prediction_type")]
    [InlineData("unet/config.json", "in_channels", "9", "inpainting")]
    [InlineData("unet/config.json", "addition_embed_type", "\"text_time\"", "addition_embed_type")]
    [InlineData("unet/config.json", "sample_size", "-3", "sample_size")]
    [InlineData("vae_decoder/config.json", "shift_factor", "0.1", "shift_factor")]
    [InlineData("vae_decoder/config.json", "scaling_factor", "0", "scaling_factor")]
    [InlineData("tokenizer/tokenizer_config.json", "tokenizer_class", "\"T5Tokenizer\"", "T5Tokenizer")]
    public async Task RunAsync_refuses_what_is_not_supported_by_name(string file, string member, string value, string named)
    {
        CopyPainter();
        var path = Path.Combine(Source, file);
        var config = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        config[member] = JsonNode.Parse(value);
        await File.WriteAllTextAsync(path, config.ToJsonString());

        var refusal = await Assert.ThrowsAsync<ModelImportException>(ImportAsync);

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(new ModelStore(_folder.File("models")).List());
    }

    [Theory]
    [InlineData("words", "bad", 0)]
    [InlineData("words", "bad", 1.5)]
    [InlineData("words", "bad", double.NaN)]
    [InlineData("No Name", "bad", 0.5)]
    [InlineData("words", null, 0.5)]
    public async Task RunAsync_refuses_checks_that_cannot_be_made(string model, string? label, double score)
    {
        CopyPainter();
        var labels = new Dictionary<string, double>();
        if (label is not null)
        {
            labels[label] = score;
        }

        await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(new() { PromptCheck = new ContentCheck(model, labels) }));
        await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(new() { PictureCheck = new ContentCheck(model, labels) }));
    }

    [Theory]
    [InlineData("unet/model.onnx")]
    [InlineData("tokenizer/vocab.json")]
    [InlineData("scheduler/scheduler_config.json")]
    public async Task RunAsync_names_a_file_that_is_missing(string file)
    {
        CopyPainter();
        File.Delete(Path.Combine(Source, file));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(ImportAsync);

        Assert.Contains(Path.GetFileName(file), refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unet/model.onnx")]
    [InlineData("text_encoder/model.onnx")]
    public async Task RunAsync_refuses_a_graph_that_is_none(string file)
    {
        CopyPainter();
        await File.WriteAllBytesAsync(Path.Combine(Source, file), new byte[100]);

        await Assert.ThrowsAsync<ModelImportException>(ImportAsync);
    }

    /// <summary>The forms of the timestep that exporters write, and the number of rows.</summary>
    [Theory]
    [InlineData("int64", "scalar", "batch")]
    [InlineData("float", "scalar", "batch")]
    [InlineData("int64", "one", "batch")]
    [InlineData("float", "one", "batch")]
    [InlineData("int64", "rows", "batch")]
    [InlineData("float", "rows", "batch")]
    [InlineData("int64", "one", "1")]
    [InlineData("int64", "one", "2")]
    [InlineData("float", "scalar", "3")]
    public async Task RunAsync_reads_types_and_shapes_from_the_graphs(string type, string form, string rows)
    {
        CopyPainter();
        WriteDenoiser(Path.Combine(Source, "unet", "model.onnx"), type == "float" ? typeof(float) : typeof(long), form, rows);

        var installed = await ImportAsync();

        var own = form == "rows";
        Assert.Equal(own, ModelDrawing.Of(installed.Manifest)!.OwnTimesteps);
        Assert.Equal(rows != "1", installed.Manifest.Batching);
        using var painter = Painter.Open(installed.Folder, new SessionFactory(ExecutionProvider.Cpu, 1));
        var text = painter.EncodeText(painter.Tokenize("a sun"));
        var sample = Enumerable.Range(0, 1024).Select(i => i / 1024f).ToArray();
        var outputs = painter.Graphs.Denoise([new DenoiserRow(sample, 500, text, 1)], 8, 8, own);
        Assert.Equal(0.5f * sample[9], outputs[0][9] - (500 * 0.001f), 1e-3f);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A denoiser that gives half the sample and a thousandth of the timestep.</summary>
    /// <param name="form"><c>scalar</c>, <c>one</c> (a list of one) or <c>rows</c> (a list as long as there are rows).</param>
    /// <param name="rows">A number, or the name of a free dimension.</param>
    private static void WriteDenoiser(string path, Type type, string form, string rows)
    {
        File.Delete(path);
        using var graph = new OnnxGraphBuilder(null);
        object count = int.TryParse(rows, out var fixedRows) ? fixedRows : rows;
        graph.Input("sample", typeof(float), count, 16, 8, 8);
        object[] times = form switch
        {
            "scalar" => [],
            "one" => [1],
            _ => [count],
        };
        graph.Input("timestep", type, times);
        graph.Input("encoder_hidden_states", typeof(float), count, 32, 128);
        graph.Output("out_sample", typeof(float), count, 16, 8, 8);
        graph.Initializer("half", [0.5f], 1);
        graph.Initializer("thousandth", [0.001f], 1);
        graph.Initializer("nothing", [0f], 1);
        graph.Initializer("shape", [-1L, 1, 1, 1], 4);
        var time = graph.Node("Mul", [graph.Node("Cast", ["timestep"], ("to", 1)), "thousandth"]);
        var text = graph.Node("Mul", [graph.Node("ReduceMean", ["encoder_hidden_states"], ("keepdims", 0)), "nothing"]);
        var sum = graph.Node("Add", [graph.Node("Mul", ["sample", "half"]), graph.Node("Reshape", [time, "shape"])]);
        graph.Node("Add", "", [sum, text], ["out_sample"]);
        graph.Write(path);
    }

    private void CopyPainter()
    {
        foreach (var file in Directory.EnumerateFiles(PainterFiles.Root, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Source, Path.GetRelativePath(PainterFiles.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private Task<InstalledModel> ImportAsync() => ImportAsync(new() { Steps = 20, Guidance = 3 });

    private Task<InstalledModel> ImportAsync(ModelImportOptions options) => ModelImport.RunAsync(
        Source, "painter", _folder.File("models"), options with { Sessions = new SessionFactory(ExecutionProvider.Cpu, 1) }, progress: null,
        CancellationToken.None);
}
