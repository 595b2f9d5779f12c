using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Audio;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>The two graphs of a Whisper model. Thread-safe. Borrows the sessions.</summary>
internal sealed class WhisperSessions
{
    private readonly InferenceSession _encoder;
    private readonly InferenceSession _decoder;
    private readonly ModelSpeech _speech;
    private readonly string[] _inputs;
    private readonly string[] _firstOutputs;
    private readonly string[] _laterOutputs;
    private readonly string[] _ownCaches;
    private readonly string[] _allCaches;

    public WhisperSessions(InferenceSession encoder, InferenceSession decoder, ModelSpeech speech)
    {
        (_encoder, _decoder, _speech) = (encoder, decoder, speech);
        var shape = new WhisperShape(speech.Layers, speech.Heads, speech.HeadWidth, speech.Vocabulary, speech.Positions, speech.Bins);
        _ownCaches = [.. shape.Caches(["decoder"])];
        _allCaches = [.. _ownCaches, .. shape.Caches(["encoder"])];
        _inputs = ["input_ids", "encoder_hidden_states", "use_cache_branch", .. _allCaches.Select(name => $"past_key_values.{name}")];
        _firstOutputs = ["logits", .. _allCaches.Select(name => $"present.{name}")];
        _laterOutputs = ["logits", .. _ownCaches.Select(name => $"present.{name}")];
    }

    /// <summary>Reads the features of a window.</summary>
    /// <param name="features"><c>[bins, 3000]</c>.</param>
    /// <returns>What the decoder listens to; the caller disposes it.</returns>
    public OrtValue Encode(float[] features)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(features, [1, _speech.Bins, LogMel.Columns]);
        using var options = new RunOptions();
        var outputs = _encoder.Run(options, ["input_features"], [input], ["last_hidden_state"]);
        return outputs[0];
    }

    /// <summary>Begins a text over what the encoder gave, which must outlive it.</summary>
    public Steps Begin(OrtValue hidden) => new(this, hidden);

    /// <summary>The steps of one text. Caches stay where ONNX Runtime made them; a step hands those of the one before on.</summary>
    internal sealed class Steps(WhisperSessions sessions, OrtValue hidden) : IDisposable
    {
        private IDisposableReadOnlyCollection<OrtValue>? _first;
        private IDisposableReadOnlyCollection<OrtValue>? _last;

        /// <summary>Reads tokens.</summary>
        /// <returns>Logits of all of them, <c>[tokens, vocabulary]</c>, until the next call.</returns>
        public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens)
        {
            var ids = new long[tokens.Length];
            for (var i = 0; i < ids.Length; i++)
            {
                ids[i] = tokens[i];
            }

            using var input = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
            using var cached = OrtValue.CreateTensorValueFromMemory(new[] { _first is not null }, [1]);
            using var nothing = OrtValue.CreateAllocatedTensorValue(
                OrtAllocator.DefaultInstance, TensorElementType.Float, [1, sessions._speech.Heads, 0, sessions._speech.HeadWidth]);
            using var options = new RunOptions();
            var own = sessions._ownCaches.Length;
            OrtValue[] inputs =
            [
                input, hidden, cached,
                .. Enumerable.Range(1, sessions._allCaches.Length).Select(i => (i <= own ? _last : _first)?[i] ?? nothing),
            ];
            var outputs = sessions._decoder.Run(
                options, sessions._inputs, inputs, _first is null ? sessions._firstOutputs : sessions._laterOutputs);
            if (_last != _first)
            {
                _last?.Dispose();
            }

            _last = outputs;
            _first ??= outputs;
            return outputs[0].GetTensorDataAsSpan<float>();
        }

        public void Dispose()
        {
            _first?.Dispose();
            if (_last != _first)
            {
                _last?.Dispose();
            }
        }
    }
}
