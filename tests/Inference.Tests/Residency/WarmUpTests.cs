using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Diffusion;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Tasks;
using Tollgate.Inference.Tests.Tasks.Detection;
using Tollgate.Inference.Tests.Tasks.ImageClassification;
using Tollgate.Inference.Tests.Tasks.Ocr;
using Tollgate.Inference.Tests.Tasks.Transcription;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>What is run of a model before it is ready, by ONNX Runtime's own profile.</summary>
public sealed class WarmUpTests
{
    private readonly string _repository = TestFolder.Create("repository");
    private readonly string _source = TestFolder.Create("source");

    [Fact]
    public async Task A_version_is_not_ready_before_its_warm_up_has_ended()
    {
        var warmUp = new TaskCompletionSource();
        using (var draft = new ModelStore(_repository).Begin("counter"))
        {
            await draft.InstallAsync((version, files) => new ModelManifest
            {
                Name = "counter",
                Version = version,
                Task = "word-counts",
                Source = new ModelSource("none", "none", ""),
                Created = DateTimeOffset.UnixEpoch,
                Files = files,
                Graph = "none",
                Limits = new ModelLimits(100, 0),
            }, CancellationToken.None);
        }

        var task = new WordCountTask(warmUp.Task);
        await using var app = InferenceApp.Create(WorkerFixture.Arguments(_repository, TestFolder.Create("worker")), [task]);
        await app.StartAsync();
        using var gateway = WorkerFixture.Client(app.Url(ListenerKind.Internal));
        await Until.TrueAsync(() => task.Loaded == 1, "it is loaded");
        var before = Assert.Single((await WorkerFixture.StatusAsync(gateway)).Models);
        warmUp.SetResult();
        await WorkerFixture.WaitForModelAsync(gateway, "counter");

        Assert.False(before.Ready);
        await app.StopAsync();
    }

    [Fact]
    public async Task A_detector_has_run_a_decoded_picture()
    {
        await ImportAsync(ToyDetector.Write(_source));

        var load = await ProfiledLoad.OfAsync(_repository);

        Assert.Equal(2, load.Runs); // The trial of the load, and the warm-up.
        Assert.Contains("1x3x8x8", load.Shapes);
    }

    [Theory]
    [InlineData(null, 3, true)] // The trial of the load, one picture, and eight.
    [InlineData(1, 2, false)]
    public async Task A_classifier_of_pictures_has_run_one_and_the_most_that_it_takes_at_once(int? batch, int runs, bool together)
    {
        await ImportAsync(ColourClassifier.Write(_source, batch: batch));

        var load = await ProfiledLoad.OfAsync(_repository);

        Assert.Equal(runs, load.Runs);
        Assert.Equal(together, load.Shapes.Contains("8x3x8x8"));
    }

    [SharedFact(TextPictures.Folder)]
    public async Task A_reader_of_text_has_run_the_largest_picture_and_the_most_lines()
    {
        await ImportAsync(TextPictures.ModelFolder);

        var load = await ProfiledLoad.OfAsync(_repository);

        Assert.Contains("1x3x1408x1408", load.Shapes);
        Assert.Contains("1x3x48x320", load.Shapes);
        Assert.Contains("8x3x48x320", load.Shapes); // 2,560 columns.
    }

    [Fact]
    public async Task A_model_of_speech_has_heard_a_window_and_written_one_text_and_the_most_at_once()
    {
        RandomWhisper.Write(_source, seed: 3, attention: true);
        var installed = await ImportAsync(_source);

        var load = await ProfiledLoad.OfAsync(_repository);

        Assert.True(installed.Manifest.Batching);
        Assert.Contains("1x80x3000", load.Shapes);
        Assert.Contains("1x1", load.Shapes); // Tokens of a step.
        Assert.Contains("4x1", load.Shapes);
    }

    [Fact]
    public async Task A_painter_has_taken_a_step_of_one_picture_and_of_the_most_that_share_a_call()
    {
        await ImportAsync(PainterFiles.Root);

        var load = await ProfiledLoad.OfAsync(_repository, "--Drawing:PicturesPerCall=3");

        Assert.Contains(load.Shapes, shape => shape.StartsWith("2x4x", StringComparison.Ordinal)); // With an unguided row.
        Assert.Contains(load.Shapes, shape => shape.StartsWith("6x4x", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_warm_up_without_time_ends_and_says_so()
    {
        var ended = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => WarmUpRun.RunAsync(_ => { }, ended));
    }

    private Task<InstalledModel> ImportAsync(string source) => ModelImport.RunAsync(
        source, "m", _repository, new ModelImportOptions(), progress: null, CancellationToken.None);
}
