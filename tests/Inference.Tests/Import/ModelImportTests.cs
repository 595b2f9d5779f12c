using System.Diagnostics;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Import;

public sealed class ModelImportTests
{
    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model")]
    public async Task RunAsync_refuses_a_file_that_no_task_takes_and_names_those_that_are_taken(string name)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File(name), "x");

        var refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ModelImport.RunAsync(folder.File(name), "m", folder.File("models"), new(), null, CancellationToken.None));

        Assert.Equal(
            $"'{name}' is neither {string.Join(" nor ", ModelTasks.All.SelectMany(task => task.Importers).Select(one => one.Files))}.",
            refusal.Message);
        Assert.Contains("a .gguf of text generation", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("models")));
    }

    [Fact]
    public async Task RunAsync_takes_an_extension_in_capitals_and_leaves_no_draft_of_a_file_that_is_unsound()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("MODEL.GGUF"), "not a model");

        await Assert.ThrowsAsync<ModelImportException>(
            () => ModelImport.RunAsync(folder.File("MODEL.GGUF"), "m", folder.File("models"), new(), null, CancellationToken.None));

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("models")));
    }

    [Fact]
    public async Task RunAsync_refuses_a_file_that_is_not_there()
    {
        using var folder = new TemporaryFolder();

        var refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ModelImport.RunAsync(folder.File("m.gguf"), "m", folder.Path, new(), null, CancellationToken.None));

        Assert.StartsWith("There is no file", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_gives_a_folder_to_the_task_that_takes_folders()
    {
        using var folder = new TemporaryFolder();
        var source = Directory.CreateDirectory(folder.File("exported")).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "config.json"), "{}");
        var options = new ModelImportOptions { Tasks = [.. ModelTasks.All, new FolderTask()] };

        var installed = await ModelImport.RunAsync(source + "/", "m", folder.File("models"), options, null, CancellationToken.None);

        Assert.Equal("folders", installed.Manifest.Task);
        Assert.Equal("exported", installed.Manifest.Source.File);
    }

    [Fact]
    public async Task A_folder_keeps_its_hash_when_only_its_pages_change()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("unet"));
        await File.WriteAllTextAsync(folder.File("unet/model.onnx"), "weights");
        await File.WriteAllTextAsync(folder.File("config.json"), "{}");
        var first = await ModelFolder.HashAsync(folder.Path, CancellationToken.None);

        await File.WriteAllTextAsync(folder.File("README.md"), "a page");
        await File.WriteAllTextAsync(folder.File(ModelFolder.CatalogueFile), "{}");
        File.CreateSymbolicLink(folder.File("unet/other.onnx"), "/etc/hostname");
        var second = await ModelFolder.HashAsync(folder.Path, CancellationToken.None);
        await File.WriteAllTextAsync(folder.File("unet/model.onnx"), "Weights");
        var third = await ModelFolder.HashAsync(folder.Path, CancellationToken.None);
        File.Move(folder.File("unet/model.onnx"), folder.File("model.onnx"));
        var fourth = await ModelFolder.HashAsync(folder.Path, CancellationToken.None);

        Assert.Equal(first, second);
        Assert.Equal(3, new[] { first, third, fourth }.Distinct().Count());
    }

    /// <summary>Installs a folder without looking at it.</summary>
    private sealed class FolderTask : IModelTask, IModelImporter
    {
        public string Name => "folders";

        public IReadOnlyList<ITaskEndpoint> Endpoints => [];

        public IReadOnlyList<IModelImporter> Importers => [this];

        public string Files => "a folder";

        public bool Takes(string path) => Directory.Exists(path);

        public async Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken)
        {
            var hash = await ModelFolder.HashAsync(job.Path, cancellationToken);
            return await job.Draft.InstallAsync((version, files) => new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = Name,
                Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", hash),
                Created = DateTimeOffset.UnixEpoch,
                Files = files,
                Graph = "model.onnx",
                Limits = new ModelLimits(1, 0),
            }, cancellationToken);
        }

        public Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken) =>
            throw new UnreachableException();
    }
}
