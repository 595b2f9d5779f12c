using Tollgate.Inference.Import;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tests.Models;

public sealed class ModelStoreTests
{
    [Fact]
    public async Task Find_takes_the_newest_version_by_number()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx");
        for (var i = 0; i < 2; i++)
        {
            await ModelImport.RunAsync(file, "m", folder.Path, new(), progress: null, CancellationToken.None);
        }

        var store = new ModelStore(folder.Path);
        Directory.CreateDirectory(Path.Combine(folder.Path, "m", "10"));

        Assert.Equal(["10", "2", "1"], store.Versions("m"));
        Assert.Equal("2", store.Find("m", "2")!.Manifest.Version);
        Assert.Throws<ModelImportException>(() => store.Find("m", "10")); // no manifest
        Assert.Null(store.Find("m", "3"));
        Assert.Null(store.Find("n"));
    }

    [Fact]
    public async Task What_a_killed_import_left_goes_with_an_import_a_day_later_and_not_before()
    {
        using var folder = new TemporaryFolder();
        var (old, young) = (Path.Combine(folder.Path, ".new-old"), Path.Combine(folder.Path, ".new-young"));
        foreach (var left in (string[])[old, young])
        {
            Directory.CreateDirectory(left);
            await File.WriteAllTextAsync(Path.Combine(left, "weights.bin"), "x");
            Directory.SetLastWriteTimeUtc(left, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        File.SetLastWriteTimeUtc(Path.Combine(old, "weights.bin"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        await ModelImport.RunAsync(
            Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), "m", folder.Path, new(), progress: null, CancellationToken.None);

        Assert.False(Directory.Exists(old));
        Assert.True(Directory.Exists(young));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData("../a")]
    [InlineData("a/b")]
    [InlineData("A")]
    [InlineData("-a")]
    [InlineData("a\n")]
    [InlineData("a\0")]
    [InlineData("é")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task Names_that_could_leave_the_repository_are_refused(string name)
    {
        using var folder = new TemporaryFolder();
        var store = new ModelStore(folder.Path);

        Assert.Throws<ModelImportException>(() => store.Find(name));
        Assert.Throws<ModelImportException>(() => store.Find("model", name));
        await Assert.ThrowsAsync<ModelImportException>(
            () => ModelImport.RunAsync(
                Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), name, folder.Path, new(), null, CancellationToken.None));
    }
}
