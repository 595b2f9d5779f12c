using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Inference.Decoders;

/// <summary>One sequence on a decoder, alone: for comparing, warming up and tests. Serving goes through the scheduler.</summary>
/// <remarks>Not thread-safe. The cache lies in host memory and is appended to in place.</remarks>
internal sealed class DecoderRun : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly OrtValue[] _cache;
    private readonly int _capacity;
    private readonly bool _takes;
    private readonly bool _hasRounds;

    /// <param name="capacity">Most tokens of the sequence.</param>
    public DecoderRun(InferenceSession session, int layers, int keyValueHeads, int headWidth, int capacity)
    {
        _session = session;
        _capacity = capacity;
        _takes = TakenPositions.AreInputOf(session);
        _hasRounds = AttentionRounds.AreInputsOf(session);
        var parts = Enumerable.Range(0, layers).SelectMany(i => (string[])[$"{i}.key", $"{i}.value"]).ToArray();
        _inputNames = ["input_ids", "seqlens_k", "total_sequence_length", .. parts.Select(p => $"past_key_values.{p}")];
        _outputNames = ["logits", .. parts.Select(p => $"present.{p}")];
        var (half, numbers) = (CacheType.Of(session) == TensorElementType.Float16, keyValueHeads * capacity * headWidth);
        long[] shape = [1, keyValueHeads, capacity, headWidth];
        _cache = [.. parts.Select(_ => half
            ? OrtValue.CreateTensorValueFromMemory(new Float16[numbers], shape)
            : OrtValue.CreateTensorValueFromMemory(new float[numbers], shape))];
    }

    /// <summary>Tokens in the cache.</summary>
    public int Length { get; private set; }

    /// <summary>Appends tokens and returns the logits after the last of them.</summary>
    public float[] Append(ReadOnlySpan<int> ids)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ids.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Length + ids.Length, _capacity);
        var input = new long[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            input[i] = ids[i];
        }

        Length += ids.Length;
        using var idsValue = OrtValue.CreateTensorValueFromMemory(input, [1, input.Length]);
        using var lengths = OrtValue.CreateTensorValueFromMemory(new[] { Length - 1 }, [1]);
        using var total = OrtValue.CreateTensorValueFromMemory(new[] { Length }, [1]);
        using var taken = OrtValue.CreateTensorValueFromMemory(new[] { ids.Length - 1L }, [1]);
        using var binding = _session.CreateIoBinding();
        if (_takes)
        {
            binding.BindInput(TakenPositions.Name, taken);
        }

        var unused = _hasRounds ? AttentionRounds.BindNone(binding) : [];
        binding.BindInput(_inputNames[0], idsValue);
        binding.BindInput(_inputNames[1], lengths);
        binding.BindInput(_inputNames[2], total);
        binding.BindOutputToDevice(_outputNames[0], OrtMemoryInfo.DefaultInstance);
        for (var i = 0; i < _cache.Length; i++)
        {
            binding.BindInput(_inputNames[3 + i], _cache[i]);
            binding.BindOutput(_outputNames[1 + i], _cache[i]);
        }

        _session.RunWithBinding(_options, binding);
        foreach (var value in unused)
        {
            value.Dispose();
        }

        using var outputs = binding.GetOutputValues();
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>A part of the cache: key of layer 0, value of layer 0, key of layer 1, and so on.</summary>
    public ReadOnlySpan<float> CacheOf(int part) => _cache[part].GetTensorDataAsSpan<float>();

    public void Dispose()
    {
        _options.Dispose();
        foreach (var value in _cache)
        {
            value.Dispose();
        }
    }
}
