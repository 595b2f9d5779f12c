using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>Texts that share the steps of the shared model's decoder, which quantises over all rows of a run as it is exported.</summary>
[Collection(nameof(WhisperFixture))]
public sealed class SharedStepsTests(WhisperFixture whisper)
{
    private static readonly string[] Names =
    [
        "jfk", "en-gb-invoice", "sense_and_sensibility_01_austen_64kb-0930", "sense_and_sensibility_01_austen_64kb-0890",
    ];

    [SharedFact(WhisperFixture.Model)]
    public void Recordings_give_alone_and_together_the_same_tokens_with_the_same_probabilities()
    {
        TranscriptionOptions[] options =
        [
            new(Timestamps: false), new(), new(Timestamps: false, Prompt: whisper.Speech.EncodePrompt("Sense and Sensibility.")),
            new(Timestamps: false, Temperature: 0.4),
        ];
        var recordings = Names.Zip(options, (name, option) => (WhisperFixture.Open(WhisperFixture.Recording(name)), option)).ToList();

        var together = WhisperFixture.TranscribeAll(whisper.Speech, recordings);

        Assert.True(whisper.Speech.Installed.Manifest.Batching);
        for (var i = 0; i < recordings.Count; i++)
        {
            var alone = whisper.Transcribe(recordings[i].Item1, recordings[i].option);
            Assert.NotEmpty(alone);
            Assert.Equal(alone.Select(segment => segment.Text), together[i].Select(segment => segment.Text));
            Assert.Equal(alone.SelectMany(segment => segment.Tokens), together[i].SelectMany(segment => segment.Tokens));
            Assert.Equal(alone.SelectMany(segment => segment.Logprobs), together[i].SelectMany(segment => segment.Logprobs));
        }
    }

    [SharedFact(WhisperFixture.Model)]
    public void The_rewritten_decoder_computes_for_one_row_what_the_exported_one_does()
    {
        var speech = whisper.Speech.Speech;
        var sessions = new SessionFactory(ExecutionProvider.Cpu);
        var path = Path.Combine(SharedFiles.At(WhisperFixture.Model), "decoder_model_merged_quantized.onnx");
        using var encoder = sessions.Open(whisper.Speech.Installed.PathOf(speech.Encoder));
        using var exported = sessions.Open(path);
        using var rewritten = sessions.Open(RowQuantization.Rewrite(File.ReadAllBytes(path), "then_branch")!);

        Assert.Equal(Write(exported, shared: false), Write(rewritten, shared: true));

        float[] Write(Microsoft.ML.OnnxRuntime.InferenceSession decoder, bool shared)
        {
            var whole = new WhisperSessions(encoder, decoder, speech, shared);
            using var hidden = whole.Encode(new float[speech.Bins * 3000]);
            using var row = whole.Begin(hidden, [speech.Tokens.Start, speech.Tokens.NoTimestamps], out var first);
            first.Dispose();
            using var second = whole.Step([row], [440]);
            using var third = whole.Step([row], [1000]);
            return [.. second.GetTensorDataAsSpan<float>(), .. third.GetTensorDataAsSpan<float>()];
        }
    }
}
