using Tollgate.Inference.Audio;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Transcription;
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

        var installed = await ModelImport.RunAsync(
            SharedFiles.At(Model), "tiny-whisper", Repository, new ModelImportOptions { Licence = "MIT" }, null, CancellationToken.None);
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

    /// <summary>All segments of a recording.</summary>
    internal IReadOnlyList<SpeechSegment> Transcribe(AudioClip clip, TranscriptionOptions options)
    {
        var transcriber = Speech.Begin(clip, options);
        var segments = new List<SpeechSegment>();
        while (!transcriber.IsDone)
        {
            segments.AddRange(transcriber.TranscribeNext(CancellationToken.None));
        }

        return segments;
    }

    internal string Text(byte[] file, TranscriptionOptions options) =>
        string.Concat(Transcribe(Open(file), options).Select(segment => segment.Text)).Trim();
}

[CollectionDefinition(nameof(WhisperFixture))]
public sealed class WhisperCollection : ICollectionFixture<WhisperFixture>;
