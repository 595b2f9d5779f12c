using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Transcription;

namespace Tollgate.Benchmarks.Speech;

/// <summary>The exported graphs in the loop that a tutorial writes: features, encoder, and one decoder step after the other, greedy and
/// without times. Nothing is checked, counted or shared.</summary>
internal sealed class BareLoop(string folder, ModelSpeech speech, SessionFactory sessions) : IDisposable
{
    private readonly InferenceSession _encoder = sessions.Open(WhisperFolder.FindEncoder(folder)!);
    private readonly InferenceSession _decoder = sessions.Open(WhisperFolder.FindDecoder(folder));
    private readonly LogMel _mel = new(speech.Bins);
    private readonly string[] _names = [.. Enumerable.Range(0, speech.Layers).SelectMany(layer => (string[])
        [$"{layer}.decoder.key", $"{layer}.decoder.value", $"{layer}.encoder.key", $"{layer}.encoder.value"])];

    /// <returns>Tokens of the text.</returns>
    public IReadOnlyList<int> Transcribe(AudioClip clip, int[] prompt)
    {
        var (samples, features) = (new float[clip.Samples], new float[speech.Bins * LogMel.Columns]);
        clip.Read(0, samples);
        _mel.Compute(samples, features);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(features, [1, speech.Bins, LogMel.Columns]);
        using var heard = _encoder.Run(options, ["input_features"], [input], ["last_hidden_state"]);
        using var nothing = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, TensorElementType.Float, [1, speech.Heads, 0, speech.HeadWidth]);
        var caches = Enumerable.Repeat(nothing, _names.Length).ToArray();
        var owners = new List<IDisposable>();
        var (tokens, next) = (new List<int>(), prompt);
        do
        {
            using var ids = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(next, id => (long)id), [1, next.Length]);
            using var branch = OrtValue.CreateTensorValueFromMemory(new[] { owners.Count > 0 }, [1]);
            string[] kept = [.. _names.Where(name => owners.Count == 0 || !name.Contains("encoder", StringComparison.Ordinal))];
            var outputs = _decoder.Run(
                options,
                ["input_ids", "encoder_hidden_states", "use_cache_branch", .. _names.Select(name => $"past_key_values.{name}")],
                [ids, heard[0], branch, .. caches], ["logits", .. kept.Select(name => $"present.{name}")]);
            owners.Add(outputs);
            for (var i = 0; i < kept.Length; i++)
            {
                caches[Array.IndexOf(_names, kept[i])] = outputs[i + 1];
            }

            var row = outputs[0].GetTensorMutableDataAsSpan<float>()[^speech.Vocabulary..];
            row[speech.Tokens.NoTimestamps..].Fill(float.NegativeInfinity);
            foreach (var id in tokens.Count == 0 ? speech.Suppressed.Concat(speech.SuppressedFirst) : speech.Suppressed)
            {
                row[id] = float.NegativeInfinity;
            }

            next = [TensorPrimitives.IndexOfMax<float>(row)];
            tokens.Add(next[0]);
            if (owners.Count > 2)
            {
                owners[1].Dispose(); // The first outputs hold what the encoder gave; of the others the last one is read.
                owners.RemoveAt(1);
            }
        }
        while (tokens[^1] != speech.Tokens.End && tokens.Count < speech.Positions / 2);

        owners.ForEach(owner => owner.Dispose());
        return tokens;
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }
}
