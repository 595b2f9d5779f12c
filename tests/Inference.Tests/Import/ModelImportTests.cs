using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
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

        Assert.Equal($"'{name}' is neither a .gguf of text generation nor an .onnx of sentence embeddings.", refusal.Message);
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
}
