using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Audio;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Finds out whether texts can share the steps of a decoder.</summary>
internal static class SharedStepTrial
{
    private const int Steps = 3;

    /// <summary>Whether a row's numbers are bit for bit the same alone and among others, also where what the encoder gave is not read
    /// again.</summary>
    /// <param name="rows">Decoder of several rows; may be <paramref name="decoder"/>.</param>
    public static bool Run(InferenceSession encoder, InferenceSession decoder, InferenceSession rows, ModelSpeech speech)
    {
        var alone = new WhisperSessions(encoder, decoder, rows: null, speech);
        var shared = new WhisperSessions(encoder, decoder, rows, speech);
        var hidden = Enumerable.Range(0, speech.MostWindows).Select(row => Hear(alone, speech, row)).ToArray();
        try
        {
            var expected = hidden.Select((heard, row) => Write(alone, speech, [heard], row)[0]).ToArray();
            return hidden.Length > 1 && Enumerable.Range(2, hidden.Length - 1).All(count =>
                Write(shared, speech, hidden[..count], 0).Zip(expected).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));
        }
        catch (OnnxRuntimeException)
        {
            return false; // Some graphs are made for one row, and say so only when they run.
        }
        finally
        {
            Array.ForEach(hidden, heard => heard.Dispose());
        }
    }

    /// <summary>Hears a window and writes some tokens, alone and in the most windows of a turn.</summary>
    /// <exception cref="OperationCanceledException">The time for it is over.</exception>
    /// <exception cref="OnnxRuntimeException">The model does not run.</exception>
    public static void WarmUp(WhisperSessions sessions, ModelSpeech speech, int most, CancellationToken cancellationToken)
    {
        using var heard = Hear(sessions, speech, 0);
        int[] counts = most > 1 ? [1, most] : [1];
        foreach (var count in counts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(sessions, speech, [.. Enumerable.Repeat(heard, count)], 0);
        }
    }

    /// <summary>Logits of some steps, each row with tokens of its own.</summary>
    private static float[][] Write(WhisperSessions sessions, ModelSpeech speech, OrtValue[] hidden, int firstRow)
    {
        var logits = Array.ConvertAll(hidden, _ => new float[Steps * speech.Vocabulary]);
        var rows = Array.ConvertAll(hidden, heard =>
        {
            var row = sessions.Begin(heard, [speech.Tokens.Start, speech.Tokens.NoTimestamps], out var first);
            first.Dispose();
            return row;
        });
        for (var step = 0; step < Steps; step++)
        {
            using var read = sessions.Step(rows, [.. rows.Select((_, i) => (firstRow + i + (step * 4)) * 7 % speech.Tokens.End)]);
            for (var row = 0; row < rows.Length; row++)
            {
                read.GetTensorDataAsSpan<float>().Slice(row * speech.Vocabulary, speech.Vocabulary)
                    .CopyTo(logits[row].AsSpan(step * speech.Vocabulary));
            }
        }

        Array.ForEach(rows, row => row.Dispose());
        return logits;
    }

    /// <summary>A tone, of another height in each row.</summary>
    private static OrtValue Hear(WhisperSessions sessions, ModelSpeech speech, int row)
    {
        var features = new float[speech.Bins * LogMel.Columns];
        var samples = new float[AudioClip.Rate];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = 0.1f * MathF.Sin(0.1f * (row + 1) * i);
        }

        new LogMel(speech.Bins).Compute(samples, features);
        return sessions.Encode(features);
    }
}
