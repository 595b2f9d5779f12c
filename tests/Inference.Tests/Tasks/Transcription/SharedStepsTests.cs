using Microsoft.ML.OnnxRuntime;
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
    public void The_rewritten_decoder_computes_for_each_row_what_the_exported_one_does()
    {
        var speech = whisper.Speech.Speech;
        var sessions = new SessionFactory(ExecutionProvider.Cpu);
        var path = Path.Combine(SharedFiles.At(WhisperFixture.Model), "decoder_model_merged_quantized.onnx");
        using var encoder = sessions.Open(whisper.Speech.Installed.PathOf(speech.Encoder));
        using var exported = sessions.Open(path);
        using var rewritten = sessions.Open(RowQuantization.Rewrite(File.ReadAllBytes(path), "then_branch")!);
        var expected = Write(exported, rows: null, 440)[0];

        Assert.Equal(expected, Write(rewritten, rows: null, 440)[0]);
        Assert.Equal(expected, Write(exported, rewritten, 99, 440, 7)[1]);

        // Logits of two steps for each row: its first token decides what else it reads.
        float[][] Write(InferenceSession decoder, InferenceSession? rows, params int[] first)
        {
            var whole = new WhisperSessions(encoder, decoder, rows, speech);
            using var hidden = whole.Encode(new float[speech.Bins * 3000]);
            var texts = Array.ConvertAll(first, _ =>
            {
                var row = whole.Begin(hidden, [speech.Tokens.Start, speech.Tokens.NoTimestamps], out var logits);
                logits.Dispose();
                return row;
            });
            using var second = whole.Step(texts, first);
            using var third = whole.Step(texts, Array.ConvertAll(first, token => token + 560));
            Array.ForEach(texts, row => row.Dispose());
            return
            [
                .. texts.Select((_, row) => (float[])[.. RowOf(second, row), .. RowOf(third, row)]),
            ];
        }

        float[] RowOf(OrtValue logits, int row) =>
            logits.GetTensorDataAsSpan<float>().Slice(row * speech.Vocabulary, speech.Vocabulary).ToArray();
    }
}
