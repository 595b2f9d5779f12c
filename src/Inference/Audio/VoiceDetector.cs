using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Audio;

/// <summary>Silero's voice activity detector, version 5 or later: the probability that somebody speaks, every 32 ms. Thread-safe. Owns the
/// session.</summary>
/// <remarks>Silero Team, Silero VAD (2024). A frame is read after the last 64 samples of the one before; without them the model hears
/// next to nothing.</remarks>
internal sealed class VoiceDetector(InferenceSession session) : IDisposable
{
    /// <summary>Samples of a frame.</summary>
    public const int Frame = 512;

    private const int Context = 64;
    private const int StateLength = 2 * 128;

    /// <summary>Begins to listen to a recording.</summary>
    public Listening Begin() => new(session);

    public void Dispose() => session.Dispose();

    /// <summary>What was heard of one recording. One thread at a time.</summary>
    internal sealed class Listening(InferenceSession session)
    {
        private static readonly long[] Rate = [AudioClip.Rate];

        private readonly float[] _frame = new float[Context + Frame];
        private readonly float[] _state = new float[StateLength];

        /// <summary>Hears the next frame.</summary>
        /// <returns>Probability of speech, 0 to 1; NaN for samples that are no numbers.</returns>
        public float Hear(ReadOnlySpan<float> samples)
        {
            _frame.AsSpan(Frame).CopyTo(_frame);
            samples.CopyTo(_frame.AsSpan(Context));
            using var input = OrtValue.CreateTensorValueFromMemory(_frame, [1, _frame.Length]);
            using var state = OrtValue.CreateTensorValueFromMemory(_state, [2, 1, 128]);
            using var rate = OrtValue.CreateTensorValueFromMemory(Rate, []);
            using var options = new RunOptions();
            using var outputs = session.Run(options, ["input", "state", "sr"], [input, state, rate], ["output", "stateN"]);
            outputs[1].GetTensorDataAsSpan<float>().CopyTo(_state);
            return outputs[0].GetTensorDataAsSpan<float>()[0];
        }
    }
}
