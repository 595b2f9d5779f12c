using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Runs a decoder over the rows of a <see cref="KeyValueArena"/>, in place: the past that goes in and the present that comes out are the
/// same memory. Buffers and bindings are made once; a step allocates nothing. One thread.
/// </summary>
internal sealed unsafe class DecoderSteps : IDisposable
{
    private const int Alignment = 64;
    private readonly InferenceSession _session;
    private readonly ModelDecoder _size;
    private readonly int _maxChunk;
    private readonly OrtIoBinding?[] _batches;
    private readonly OrtIoBinding?[] _singles;
    private readonly OrtValue?[] _chunkIds;
    private readonly List<OrtValue> _values = [];
    private readonly RunOptions _runOptions = new();
    private readonly long* _ids;
    private readonly int* _lengths;
    private readonly int* _total;
    private readonly float* _logits;
    private readonly float* _scratch;

    /// <param name="length">Most tokens in a row.</param>
    /// <param name="maxChunk">Most tokens that one <see cref="Extend"/> takes.</param>
    public DecoderSteps(InferenceSession session, ModelDecoder size, int rows, int length, int maxChunk)
    {
        (_session, _size, _maxChunk) = (session, size, maxChunk);
        Arena = new KeyValueArena(rows, size.Layers, size.KeyValueHeads, length, size.HeadWidth, CacheType.Of(session));
        _batches = new OrtIoBinding[rows + 1];
        _singles = new OrtIoBinding[rows];
        _chunkIds = new OrtValue[maxChunk + 1];
        _ids = (long*)Allocate(sizeof(long) * Math.Max(rows, maxChunk));
        _lengths = (int*)Allocate(sizeof(int) * rows);
        _total = (int*)Allocate(sizeof(int));
        _logits = (float*)Allocate((long)sizeof(float) * rows * size.Vocabulary);
        _scratch = (float*)Allocate((long)sizeof(float) * size.Vocabulary);
    }

    public KeyValueArena Arena { get; }

    /// <summary>Working memory for the sampler, as long as one row of logits, aligned to 64 bytes.</summary>
    public Span<float> Scratch => new(_scratch, _size.Vocabulary);

    /// <summary>One token for each of the first <paramref name="tokens"/>.Length rows.
    /// The logits are then in <see cref="Logits"/>.</summary>
    /// <param name="tokens">The newest token of each row.</param>
    /// <param name="past">Tokens that each row holds already.</param>
    /// <exception cref="OnnxRuntimeException">The runtime failed; the rows hold what they held.</exception>
    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> past)
    {
        var rows = tokens.Length;
        *_total = 0;
        for (var row = 0; row < rows; row++)
        {
            _ids[row] = tokens[row];
            _lengths[row] = past[row];
            *_total = Math.Max(*_total, past[row] + 1);
            Arena.Touch(row, past[row] + 1);
        }

        _session.RunWithBinding(_runOptions, _batches[rows] ??= BindBatch(rows));
    }

    /// <summary>Several tokens for one row, whose logits after the last of them are then <c>Logits(0)</c>.</summary>
    /// <exception cref="OnnxRuntimeException">The runtime failed; the row holds what it held.</exception>
    public void Extend(int row, ReadOnlySpan<int> tokens, int past)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, _maxChunk);
        for (var i = 0; i < tokens.Length; i++)
        {
            _ids[i] = tokens[i];
        }

        *_lengths = past + tokens.Length - 1;
        *_total = past + tokens.Length;
        Arena.Touch(row, past + tokens.Length);
        var binding = _singles[row] ??= BindSingle(row);
        binding.BindInput("input_ids", _chunkIds[tokens.Length] ??= Value(TensorElementType.Int64, _ids, sizeof(long), 1, tokens.Length));
        _session.RunWithBinding(_runOptions, binding);
    }

    /// <summary>Logits of a row after the last step; overwritten by the next one.</summary>
    public ReadOnlySpan<float> Logits(int row) => new(_logits + ((long)row * _size.Vocabulary), _size.Vocabulary);

    public void Dispose()
    {
        Array.ForEach(_batches, binding => binding?.Dispose());
        Array.ForEach(_singles, binding => binding?.Dispose());
        _values.ForEach(value => value.Dispose());
        _runOptions.Dispose();
        Arena.Dispose();
        NativeMemory.AlignedFree(_ids);
        NativeMemory.AlignedFree(_lengths);
        NativeMemory.AlignedFree(_total);
        NativeMemory.AlignedFree(_logits);
        NativeMemory.AlignedFree(_scratch);
    }

    private static void* Allocate(long bytes) => NativeMemory.AlignedAlloc((nuint)bytes, Alignment);

    private OrtIoBinding BindBatch(int rows)
    {
        var binding = Bind(row: 0, rows);
        binding.BindInput("input_ids", Value(TensorElementType.Int64, _ids, sizeof(long), rows, 1));
        return binding;
    }

    private OrtIoBinding BindSingle(int row) => Bind(row, count: 1);

    private OrtIoBinding Bind(int row, int count)
    {
        var binding = _session.CreateIoBinding();
        binding.BindInput("seqlens_k", Value(TensorElementType.Int32, _lengths, sizeof(int), count));
        binding.BindInput("total_sequence_length", Value(TensorElementType.Int32, _total, sizeof(int), 1));
        binding.BindOutput("logits", Value(TensorElementType.Float, _logits, sizeof(float), count, _size.Vocabulary));
        for (var layer = 0; layer < _size.Layers; layer++)
        {
            BindCache(binding, $"{layer}.key", Keep(Arena.View(layer * 2, row, count)));
            BindCache(binding, $"{layer}.value", Keep(Arena.View((layer * 2) + 1, row, count)));
        }

        return binding;
    }

    private static void BindCache(OrtIoBinding binding, string name, OrtValue view)
    {
        binding.BindInput($"past_key_values.{name}", view);
        binding.BindOutput($"present.{name}", view);
    }

    private OrtValue Value(TensorElementType type, void* data, int elementBytes, params long[] shape)
    {
        var elements = shape.Aggregate(1L, (product, extent) => product * extent);
        return Keep(OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)data, elements * elementBytes));
    }

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }
}
