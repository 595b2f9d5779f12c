using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Residency;

public sealed class VersionGroupsTests
{
    [Fact]
    public async Task Groups_come_and_go_with_the_versions_that_name_them()
    {
        using var folder = new TemporaryFolder();
        var store = new ModelStore(folder.Path);
        var groups = new VersionGroups(store);
        Assert.Empty(groups.Read());

        await ImportAsync(folder.Path, "plain", null);
        await ImportAsync(folder.Path, "a", "first");
        await ImportAsync(folder.Path, "b", "first");
        await ImportAsync(folder.Path, "c", "second");
        Assert.Equal(["first", "second"], groups.Read().Order());

        store.Remove("c");
        Assert.Equal(["first"], groups.Read());
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_read_hides_no_other_group()
    {
        using var folder = new TemporaryFolder();
        await ImportAsync(folder.Path, "a", "first");
        await ImportAsync(folder.Path, "b", "second");
        var manifest = Path.Combine(folder.Path, "b", "1", ModelManifest.FileName);
        var text = await File.ReadAllTextAsync(manifest);
        var groups = new VersionGroups(new ModelStore(folder.Path));

        await File.WriteAllTextAsync(manifest, "{");
        Assert.Equal(["first"], groups.Read());

        await File.WriteAllTextAsync(manifest, text);
        Assert.Equal(["first", "second"], groups.Read().Order());
    }

    [Theory]
    [InlineData("../up")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("")]
    public async Task A_group_that_could_not_name_a_folder_is_refused(string group)
    {
        using var folder = new TemporaryFolder();

        var refused = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder.Path, "a", group));

        Assert.Contains($"'{group}' cannot name a model or a group", refused.Message, StringComparison.Ordinal);
    }

    private static Task<InstalledModel> ImportAsync(string repository, string name, string? group) => ModelImport.RunAsync(
        Path.Combine(ModelFiles.Defaults, "tiny-embed", "model.onnx"), name, repository, new ModelImportOptions { Group = group },
        progress: null, CancellationToken.None);
}
