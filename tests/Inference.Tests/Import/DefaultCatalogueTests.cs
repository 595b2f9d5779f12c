using System.Diagnostics;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks.Classification;
using Tollgate.Inference.Tasks.Embeddings;
using Tollgate.Inference.Tests.Models;
using Xunit.Abstractions;

namespace Tollgate.Inference.Tests.Import;

public sealed class DefaultCatalogueTests(ITestOutputHelper output)
{
    [Fact]
    public async Task InstallAsync_installs_what_is_missing_and_nothing_twice()
    {
        using var folder = new TemporaryFolder();
        var store = new ModelStore(folder.File("models"));
        var clock = Stopwatch.StartNew();

        var first = await DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None);
        output.WriteLine($"installed in {clock.Elapsed}");
        var second = await DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None);

        Assert.Equal(["tiny-assistant", "tiny-embed", "tiny-painter", "tiny-sentiment"], first.Select(m => m.Manifest.Name));
        Assert.Empty(second);
        var listed = store.List();
        Assert.Equal(["tiny-assistant", "tiny-embed", "tiny-painter", "tiny-sentiment"], listed.Select(m => m.Manifest.Name));
        var chat = listed[0].ToCard();
        Assert.Equal(
            ("chat", 512, 256, "1", "Apache-2.0"), (chat.Task, chat.ContextLength, chat.DefaultMaxOutput, chat.Version, chat.Licence));
        var embed = new EmbeddingTask().Describe(listed[1]);
        Assert.Equal(("embeddings", 8192, 256), (embed.Task, embed.ContextLength, embed.EmbeddingWidth));
        var sentiment = new ClassificationTask().Describe(listed[3]);
        Assert.Equal(
            ("classification", 512, "Apache-2.0", false),
            (sentiment.Task, sentiment.ContextLength, sentiment.Licence, sentiment.Moderates));
    }

    [Fact]
    public async Task InstallAsync_of_two_workers_with_one_repository_installs_each_model_once()
    {
        using var folder = new TemporaryFolder();
        var store = new ModelStore(folder.File("models"));

        var both = await Task.WhenAll(
            Task.Run(() => DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None)),
            Task.Run(() => DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None)));

        Assert.Equal(
            ["tiny-assistant", "tiny-embed", "tiny-painter", "tiny-sentiment"],
            both.SelectMany(models => models).Select(m => m.Manifest.Name).Order());
        Assert.Equal([["1"], ["1"], ["1"], ["1"]], store.List().Select(m => store.Versions(m.Manifest.Name)));
    }

    [Fact]
    public async Task InstallAsync_replaces_what_an_earlier_release_shipped_and_leaves_the_operators_own()
    {
        using var folder = new TemporaryFolder();
        var store = new ModelStore(folder.File("models"));
        foreach (var model in await DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None))
        {
            var path = Path.Combine(model.Folder, ModelManifest.FileName);
            var other = (await File.ReadAllTextAsync(path)).Replace(
                model.Manifest.Source.Sha256, new string('0', 64), StringComparison.Ordinal);
            var own = other.Replace(model.Manifest.Description!, "The operator has made it.", StringComparison.Ordinal);
            await File.WriteAllTextAsync(path, model.Manifest.Name == "tiny-embed" ? own : other);
        }

        var installed = await DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None);
        var again = await DefaultCatalogue.InstallAsync(store, ModelFiles.Defaults, new(), CancellationToken.None);

        Assert.Equal(
            [("tiny-assistant", "2"), ("tiny-painter", "2"), ("tiny-sentiment", "2")],
            installed.Select(m => (m.Manifest.Name, m.Manifest.Version)));
        Assert.Empty(again);
    }
}
