using Tollgate.Inference.Audio;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>The shared Whisper model, imported once. Empty where the shared files are absent: its tests are skipped then.</summary>
public sealed class WhisperFixture : IAsyncLifetime
{
    public const string Model = "models/whisper-tiny.en";

    private SpeechModel? _model;

    /// <summary>Where the model is installed, under the name <c>tiny-whisper</c>.</summary>
    public string Repository { get; } = TestFolder.Create("speech");

    internal SpeechModel Speech => _model!;

    public async Task InitializeAsync()
    {
        if (!Directory.Exists(SharedFiles.At(Model)))
        {
            return;
        }

        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(SharedFiles.At(Model)))
        {
            File.CreateSymbolicLink(folder.File(Path.GetFileName(file)), file);
        }

        File.Copy(SileroModel.Path, folder.File("silero_vad.onnx"));
        var installed = await ModelImport.RunAsync(
            folder.Path, "tiny-whisper", Repository, new ModelImportOptions { Licence = "MIT" }, null, CancellationToken.None);
        _model = await LoadAsync(installed);
    }

    public Task DisposeAsync()
    {
        _model?.Dispose();
        return Task.CompletedTask;
    }

    internal static Task<SpeechModel> LoadAsync(InstalledModel installed) => SpeechModel.LoadAsync(
        installed, new SessionFactory(ExecutionProvider.Cpu),
        new FairTurns(new QueuePlaces(16, 16), new QuietOrganizations(), TimeProvider.System), CancellationToken.None);

    /// <summary>One of the shared recordings.</summary>
    internal static byte[] Recording(string name) => File.ReadAllBytes(SharedFiles.At($"models/audio/{name}.wav"));

    internal static AudioClip Open(byte[] file) => WavClip.Open(file, out _)!;

    /// <summary>All segments of a recording, which is alone at the model.</summary>
    internal IReadOnlyList<SpeechSegment> Transcribe(
        AudioClip clip, TranscriptionOptions options, CancellationToken cancellationToken = default) =>
        TranscribeAll(Speech, [(clip, options)], cancellationToken)[0];

    /// <summary>All segments of recordings that share their windows' steps.</summary>
    internal static IReadOnlyList<IReadOnlyList<SpeechSegment>> TranscribeAll(
        SpeechModel model, IReadOnlyList<(AudioClip Clip, TranscriptionOptions Options)> recordings,
        CancellationToken cancellationToken = default)
    {
        var transcribers = recordings.Select(recording => model.Begin(recording.Clip, recording.Options)).ToList();
        var segments = recordings.Select(_ => new List<SpeechSegment>()).ToList();
        while (transcribers.Exists(transcriber => !transcriber.IsDone))
        {
            var failures = new List<Exception>();
            WindowSteps.Write(model.Sessions, [.. transcribers.Select((transcriber, i) => (transcriber, i))
                .Where(pair => !pair.transcriber.IsDone)
                .Select(pair => new WindowInWork(
                    pair.transcriber.Open(), text => segments[pair.i].AddRange(pair.transcriber.Close(text)), failures.Add,
                    cancellationToken))]);
            if (failures.Count > 0)
            {
                throw failures[0];
            }
        }

        return segments;
    }

    internal string Text(byte[] file, TranscriptionOptions options) =>
        string.Concat(Transcribe(Open(file), options).Select(segment => segment.Text)).Trim();
}

[CollectionDefinition(nameof(WhisperFixture))]
public sealed class WhisperCollection : ICollectionFixture<WhisperFixture>;
