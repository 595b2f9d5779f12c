using Microsoft.AspNetCore.Builder;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Deployments;

public sealed class DeployedModelsTests : IAsyncLifetime
{
    private readonly string _repository = TestFolder.Create("repository");
    private readonly string _data = TestFolder.Create("worker");
    private LearningStub _learning = null!;
    private WebApplication? _app;
    private HttpClient? _gateway;
    private string? _learningUrl;

    public async Task InitializeAsync() => _learning = await LearningStub.StartAsync();

    public async Task DisposeAsync()
    {
        _gateway?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        await _learning.DisposeAsync();
    }

    [Fact]
    public async Task A_deployed_model_is_installed_with_its_owner_and_leaves_with_its_deployment()
    {
        var tar = await LearningStub.TarAsync(("training.json", "{}"u8.ToArray()));
        await StartAsync();

        _learning.Deploy(_learning.Model("ft-a", tar, tar));
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-a");
        var card = (await WorkerFixture.StatusAsync(_gateway!)).Models.Single().Card;
        _learning.Deploy();
        await Until.TrueAsync(async () => (await WorkerFixture.StatusAsync(_gateway!)).Models.Count == 0, "the model has left");

        Assert.Equal((LearningStub.Owner, "tiny-embed:tuned", "classification"), (card.Owner, card.PricedAs, card.Task));
        Assert.False(Directory.Exists(Path.Combine(_repository, "ft-a")));
        await Until.TrueAsync( // The model leaves by a move; its files are deleted after it.
            () => Directory.GetFileSystemEntries(_repository).All(path => path.EndsWith(".deployed", StringComparison.Ordinal)),
            "nothing is left in the repository");
        Assert.False(Directory.Exists(Path.Combine(_data, "deploying")));
    }

    [Fact]
    public async Task Damaged_hostile_and_missing_tars_keep_no_other_model_away_and_are_tried_again()
    {
        var tar = await LearningStub.TarAsync();
        byte[] cut = [.. tar.Take(tar.Length / 2)];
        byte[] changed = [.. tar];
        changed[tar.Length / 2] ^= 1;
        var climbing = await LearningStub.TarAsync(("../../escaped", "x"u8.ToArray()));
        var foreign = await LearningStub.TarAsync(("run.sh", "x"u8.ToArray()));
        await StartAsync();

        _learning.Deploy(
            _learning.Model("ft-missing", tar, null), _learning.Model("ft-cut", tar, cut), _learning.Model("ft-changed", tar, changed),
            _learning.Model("ft-long", cut, tar), _learning.Model("ft-climbing", climbing, climbing),
            _learning.Model("ft-foreign", foreign, foreign), _learning.Model("ft-no-tar", [1, 2, 3], [1, 2, 3]),
            _learning.Model("ft-good", tar, tar));
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-good");
        var first = (await WorkerFixture.StatusAsync(_gateway!)).Models.Select(model => model.Card.Name).ToArray();
        _learning.Send("ft-missing", tar);
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-missing");

        Assert.Equal(["ft-good"], first);
        Assert.False(File.Exists(Path.Combine(_data, "escaped")));
        Assert.Equal(
            ["ft-good", "ft-missing"],
            Directory.GetDirectories(_repository).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task No_more_than_MostTuned_are_installed_and_the_operators_models_stay()
    {
        var tar = await LearningStub.TarAsync();
        await WorkerFixture.CopyModelsAsync(_repository, "tiny-sentiment");
        await StartAsync("--Models:MostTuned=1", $"--Models:MaxTunedBytes={tar.Length}");

        _learning.Deploy(
            _learning.Model("tiny-sentiment", tar, tar), _learning.Model("ft-first", tar, tar), _learning.Model("ft-second", tar, tar));
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-first");
        var full = await WorkerFixture.StatusAsync(_gateway!);
        _learning.Deploy(_learning.Model("ft-second", tar, tar));
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-second");
        await Until.TrueAsync(async () => (await WorkerFixture.StatusAsync(_gateway!)).Models.Count == 2, "the first model has left");

        Assert.Equal(["ft-first", "tiny-sentiment"], full.Models.Select(model => model.Card.Name));
        Assert.Null(full.Models.Single(model => model.Card.Name == "tiny-sentiment").Card.Owner);
        Assert.Null(new ModelStore(_repository).Find("tiny-sentiment")!.Manifest.Owned);
    }

    [Fact]
    public async Task What_is_installed_is_served_while_Learning_is_away()
    {
        var tar = await LearningStub.TarAsync();
        await StartAsync();
        _learning.Deploy(_learning.Model("ft-kept", tar, tar));
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-kept");
        await _app!.StopAsync();
        await _app.DisposeAsync();
        await _learning.DisposeAsync();

        await StartAsync();
        await WorkerFixture.WaitForModelAsync(_gateway!, "ft-kept");

        Assert.Equal(LearningStub.Owner, (await WorkerFixture.StatusAsync(_gateway!)).Models.Single().Card.Owner);
    }

    private async Task StartAsync(params string[] more)
    {
        _learningUrl ??= _learning.Url; // It stays the same when Learning is gone.
        _app = InferenceApp.Create(WorkerFixture.Arguments(_repository, _data, [$"--Services:learning={_learningUrl}", .. more]));
        await _app.StartAsync();
        _gateway = WorkerFixture.Client(_app.Url(ListenerKind.Internal));
    }
}
