using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A loaded Whisper model. Thread-safe.</summary>
internal sealed class SpeechModel : IDisposable
{
    private readonly InferenceSession? _encoder; // null while it is opened
    private readonly InferenceSession? _decoder;
    private readonly InferenceSession? _rows;
    private readonly LogMel _mel;
    private readonly VoiceDetector? _voice;

    private SpeechModel(
        InstalledModel installed, ModelSpeech speech, ITokenizer tokenizer, FairTurns turns, SessionFactory sessions)
    {
        (Installed, Speech, Tokenizer, Turns) = (installed, speech, tokenizer, turns);
        try
        {
            _encoder = sessions.Open(installed.PathOf(speech.Encoder));
            _decoder = sessions.Open(installed.PathOf(speech.Decoder));
            _rows = speech.RowDecoder is null ? null : sessions.Open(installed.PathOf(speech.RowDecoder));
            _voice = speech.Voice is null ? null : new VoiceDetector(sessions.Open(installed.PathOf(speech.Voice)));
        }
        catch
        {
            Dispose();
            throw;
        }

        var shares = installed.Manifest.Batching;
        Sessions = new WhisperSessions(_encoder, _decoder, shares ? _rows ?? _decoder : null, speech);
        Engine = new SpeechEngine(Sessions, turns, shares ? speech.MostWindows : 1);
        _mel = new LogMel(speech.Bins);
    }

    public InstalledModel Installed { get; }

    public ModelSpeech Speech { get; }

    public ITokenizer Tokenizer { get; }

    public WhisperSessions Sessions { get; }

    /// <summary>Writes the windows of all requests.</summary>
    public SpeechEngine Engine { get; }

    /// <summary>Who runs next.</summary>
    public FairTurns Turns { get; }

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a speech model.</exception>
    public static async Task<SpeechModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, FairTurns turns, CancellationToken cancellationToken)
    {
        var speech = ModelSpeech.Of(installed.Manifest) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not a speech model.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        var tokenizer = TokenizerFile.Load(installed);
        return new SpeechModel(installed, speech, tokenizer, turns, sessions);
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            _voice?.Begin().Hear(new float[VoiceDetector.Frame]);
            SharedStepTrial.WarmUp(Sessions, Speech, Installed.Manifest.Batching ? Speech.MostWindows : 1, cancellationToken);
        },
        cancellationToken);

    /// <summary>Begins to transcribe a recording.</summary>
    public Transcriber Begin(AudioClip clip, TranscriptionOptions options) => new(
        this, _mel, clip, options.Voice is { } chunking && _voice is not null ? new VoiceActivity(_voice, clip, chunking) : null, options);

    /// <summary>The tokens of a prompt's text.</summary>
    public int[] EncodePrompt(string text)
    {
        var ids = new List<int>();
        if (text.Trim() is { Length: > 0 } trimmed)
        {
            Tokenizer.Encode($" {trimmed}", allowSpecial: false, ids);
        }

        return [.. ids];
    }

    public void Dispose()
    {
        _encoder?.Dispose();
        _decoder?.Dispose();
        _rows?.Dispose();
        _voice?.Dispose();
    }
}
