using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Audio;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>The graphs of a Whisper model. Thread-safe. Borrows the sessions.</summary>
internal sealed class WhisperSessions
{
    private readonly InferenceSession _encoder;
    private readonly InferenceSession _decoder;
    private readonly InferenceSession? _rows;
    private readonly ModelSpeech _speech;
    private readonly string[] _inputs;
    private readonly string[] _firstOutputs;
    private readonly string[] _laterOutputs;
    private readonly int _caches;

    /// <param name="rows">Decoder of steps of several rows, which does not read again what the encoder gave; null where rows are not
    /// shared. It may be <paramref name="decoder"/>.</param>
    public WhisperSessions(InferenceSession encoder, InferenceSession decoder, InferenceSession? rows, ModelSpeech speech)
    {
        (_encoder, _decoder, _rows, _speech) = (encoder, decoder, rows, speech);
        var shape = new WhisperShape(speech.Layers, speech.Heads, speech.HeadWidth, speech.Vocabulary, speech.Positions, speech.Bins);
        string[] own = [.. shape.Caches(["decoder"])];
        string[] all = [.. own, .. shape.Caches(["encoder"])];
        _caches = own.Length;
        _inputs = ["input_ids", "encoder_hidden_states", "use_cache_branch", .. all.Select(name => $"past_key_values.{name}")];
        _firstOutputs = ["logits", .. all.Select(name => $"present.{name}")];
        _laterOutputs = ["logits", .. own.Select(name => $"present.{name}")];
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

    /// <summary>Reads the first tokens of a text.</summary>
    /// <param name="hidden">What the encoder gave; it must outlive the row.</param>
    /// <param name="logits">Receives <c>[tokens, vocabulary]</c>; the caller disposes it, and the row.</param>
    public DecoderRow Begin(OrtValue hidden, ReadOnlySpan<int> tokens, out OrtValue logits)
    {
        using var nothing = MakeEmptyCache();
        var outputs = Run(
            _decoder, tokens, hidden, [.. Enumerable.Repeat(nothing, 2 * _caches)], _firstOutputs, cached: false);
        logits = outputs[0];
        return new DecoderRow(
            new CacheSet([.. outputs.Skip(1).Take(_caches)], 1), new CacheSet([.. outputs.Skip(1 + _caches)], 1), hidden, tokens.Length);
    }

    /// <summary>Reads a whole text, and notes where the decoder listens.</summary>
    /// <returns>For each of the model's alignment heads its weights, <c>[tokens, frames]</c>.</returns>
    public IReadOnlyList<float[]> Attend(OrtValue hidden, ReadOnlySpan<int> tokens)
    {
        using var nothing = MakeEmptyCache();
        var heads = _speech.Alignment!;
        var layers = heads.Select(head => head.Layer).Distinct().ToList();
        using var outputs = Run(
            _decoder, tokens, hidden, [.. Enumerable.Repeat(nothing, 2 * _caches)],
            [.. layers.Select(layer => $"cross_attentions.{layer}")], cached: false);
        return [.. heads.Select(head =>
        {
            var weights = outputs[layers.IndexOf(head.Layer)].GetTensorDataAsSpan<float>();
            var length = weights.Length / _speech.Heads;
            return weights.Slice(head.Head * length, length).ToArray();
        })];
    }

    /// <summary>Reads one more token of each of some texts.</summary>
    /// <param name="rows">Of equal length; one alone where rows are not shared.</param>
    /// <param name="tokens">One for each row.</param>
    /// <returns>Logits, <c>[rows, vocabulary]</c>; the caller disposes them. Where it throws, no row has moved.</returns>
    public OrtValue Step(IReadOnlyList<DecoderRow> rows, ReadOnlySpan<int> tokens)
    {
        var (own, heard) = DecoderRow.Collect(rows);
        try
        {
            using var unread = rows.Count > 1
                ? OrtValue.CreateTensorValueFromMemory(new float[rows.Count * Width(rows[0])], [rows.Count, 1, Width(rows[0])]) : null;
            var outputs = Run(
                rows.Count > 1 ? _rows! : _decoder, tokens, unread ?? rows[0].Hidden, [.. own.Values, .. heard.Values], _laterOutputs,
                cached: true);
            var grown = new CacheSet([.. outputs.Skip(1)], rows.Count);
            for (var row = 0; row < rows.Count; row++)
            {
                rows[row].Move(grown, heard, row);
            }

            return outputs[0];
        }
        finally
        {
            own.Release();
            heard.Release();
        }
    }

    private static int Width(DecoderRow row) => (int)row.Hidden.GetTensorTypeAndShape().Shape[2];

    private OrtValue MakeEmptyCache() => OrtValue.CreateAllocatedTensorValue(
        OrtAllocator.DefaultInstance, TensorElementType.Float, [1, _speech.Heads, 0, _speech.HeadWidth]);

    /// <summary>Runs a decoder: after the first run of a text each row reads one token.</summary>
    private IDisposableReadOnlyCollection<OrtValue> Run(
        InferenceSession decoder, ReadOnlySpan<int> tokens, OrtValue hidden, OrtValue[] caches, string[] outputs, bool cached)
    {
        var ids = new long[tokens.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i];
        }

        using var input = OrtValue.CreateTensorValueFromMemory(ids, cached ? [ids.Length, 1] : [1, ids.Length]);
        using var branch = OrtValue.CreateTensorValueFromMemory(new[] { cached }, [1]);
        using var options = new RunOptions();
        return decoder.Run(options, _inputs, [input, hidden, branch, .. caches], outputs);
    }
}
