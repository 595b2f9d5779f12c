using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Runs a decoder over the rows of a <see cref="KeyValueArena"/> in host memory, in place: the past that goes in and the present that
/// comes out are the same memory. Buffers are made once, and bindings for each number of decode rows and each row; a step over them
/// allocates nothing. One thread.
/// </summary>
internal sealed unsafe partial class DecoderSteps : IDecoderEngine
{
    private const int Alignment = 64;
    private readonly InferenceSession _session;
    private readonly ModelDecoder _size;
    private readonly KeyValueArena _arena;
    private readonly int _maxChunk;
    private readonly bool _hasRounds;
    private readonly OrtIoBinding?[] _batches;
    private readonly OrtIoBinding?[] _singles;
    private readonly OrtValue?[] _chunkIds;
    private readonly List<OrtValue> _values = [];
    private readonly RunOptions _runOptions = new();
    private readonly long* _ids;
    private readonly long* _taken;
    private readonly int* _lengths;
    private readonly int* _total;
    private readonly long* _places;
    private readonly int* _roundLengths;
    private readonly long* _origins;
    private readonly float* _logits;

    /// <param name="length">Most tokens in a row.</param>
    /// <param name="maxChunk">Most tokens of a row that one step takes.</param>
    public DecoderSteps(InferenceSession session, ModelDecoder size, int rows, int length, int maxChunk)
    {
        (_session, _size, _maxChunk) = (session, size, maxChunk);
        (Length, ReadsTogether) = (length, TakenPositions.AreInputOf(session));
        _arena = new KeyValueArena(rows, size.Layers, size.KeyValueHeads, length, size.HeadWidth, CacheType.Of(session));
        _batches = new OrtIoBinding[rows + 1];
        _singles = new OrtIoBinding[rows];
        _chunkIds = new OrtValue[maxChunk + 1];
        _hasRounds = AttentionRounds.AreInputsOf(session);
        MostVerified = _hasRounds && ReadsTogether ? rows + (2 * AttentionRounds.Count) : 0;
        var most = Math.Max(rows, MostVerified);
        _verifications = new OrtIoBinding?[rows + 1];
        _verified = new VerifiedTokens?[most + 1];
        _ids = (long*)Allocate(sizeof(long) * Math.Max((long)rows * maxChunk, most));
        _taken = (long*)Allocate(sizeof(long) * most);
        _lengths = (int*)Allocate(sizeof(int) * most);
        _total = (int*)Allocate(sizeof(int));
        _places = (long*)Allocate(sizeof(long) * AttentionRounds.Count * rows);
        _roundLengths = (int*)Allocate(sizeof(int) * AttentionRounds.Count * rows);
        _origins = (long*)Allocate(sizeof(long) * most);
        _logits = (float*)Allocate((long)sizeof(float) * most * size.Vocabulary);
    }

    public int Rows => _arena.Rows;

    public int Length { get; }

    public long BytesPerToken => _arena.BytesPerToken;

    public bool ReadsTogether { get; }

    public int MostVerified { get; }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> past)
    {
        var rows = tokens.Length;
        *_total = 0;
        for (var row = 0; row < rows; row++)
        {
            _ids[row] = tokens[row];
            _taken[row] = row;
            _lengths[row] = past[row];
            *_total = Math.Max(*_total, past[row] + 1);
            _arena.Touch(row, past[row] + 1);
        }

        _session.RunWithBinding(_runOptions, _batches[rows] ??= BindBatch(rows));
    }

    public void Extend(int row, ReadOnlySpan<int> tokens, int past)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, _maxChunk);
        Write(tokens, _ids);
        *_taken = tokens.Length - 1;
        *_lengths = past + tokens.Length - 1;
        *_total = past + tokens.Length;
        _arena.Touch(row, past + tokens.Length);
        var binding = _singles[row] ??= Bind(row, count: 1, Keep);
        binding.BindInput(
            "input_ids", _chunkIds[tokens.Length] ??= Keep(Value(TensorElementType.Int64, _ids, sizeof(long), 1, tokens.Length)));
        _session.RunWithBinding(_runOptions, binding);
    }

    public void ReadFirst(int row, IReadOnlyList<ReadOnlyMemory<int>> tokens, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Math.Min(_maxChunk, Length));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Count, Rows - row);
        if (!ReadsTogether)
        {
            throw new InvalidOperationException("The graph of this model reads the prompts of several rows one by one.");
        }

        for (var i = 0; i < tokens.Count; i++)
        {
            var count = tokens[i].Length;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, length);
            var ids = _ids + ((long)i * length);
            Write(tokens[i].Span, ids);
            new Span<long>(ids + count, length - count).Clear();
            _taken[i] = ((long)i * length) + count - 1;
            _lengths[i] = count - 1;
            _arena.Touch(row + i, length);
        }

        *_total = length;
        var values = new List<OrtValue>();
        try
        {
            using var binding = Bind(row, tokens.Count, KeepHere);
            binding.BindInput("input_ids", KeepHere(Value(TensorElementType.Int64, _ids, sizeof(long), tokens.Count, length)));
            _session.RunWithBinding(_runOptions, binding);
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }

        OrtValue KeepHere(OrtValue value)
        {
            values.Add(value);
            return value;
        }
    }

    public Span<float> Logits(int index) => new(_logits + ((long)index * _size.Vocabulary), _size.Vocabulary);

    public void Copy(int from, int to, int tokens) => _arena.Copy(from, to, tokens);

    public KeyValueBlock Save(int row, int first, int count)
    {
        var block = new KeyValueBlock(count, checked((int)(count * BytesPerToken)));
        _arena.Read(row, first, count, block.Content);
        return block;
    }

    public void Restore(KeyValueBlock block, int row, int first) => _arena.Write(row, first, block.Tokens, block.Content);

    public void Release(int row) => _arena.Release(row);

    public void Trim(int firstFree) => _arena.Trim(firstFree);

    public void Dispose()
    {
        Array.ForEach(_batches, binding => binding?.Dispose());
        Array.ForEach(_singles, binding => binding?.Dispose());
        Array.ForEach(_verifications, binding => binding?.Dispose());
        _values.ForEach(value => value.Dispose());
        _runOptions.Dispose();
        _arena.Dispose();
        NativeMemory.AlignedFree(_ids);
        NativeMemory.AlignedFree(_taken);
        NativeMemory.AlignedFree(_lengths);
        NativeMemory.AlignedFree(_total);
        NativeMemory.AlignedFree(_places);
        NativeMemory.AlignedFree(_roundLengths);
        NativeMemory.AlignedFree(_origins);
        NativeMemory.AlignedFree(_logits);
    }

    private static void* Allocate(long bytes) => NativeMemory.AlignedAlloc((nuint)bytes, Alignment);

    private static void Write(ReadOnlySpan<int> tokens, long* ids)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            ids[i] = tokens[i];
        }
    }

    private OrtIoBinding BindBatch(int rows)
    {
        var binding = Bind(row: 0, rows, Keep);
        binding.BindInput("input_ids", Keep(Value(TensorElementType.Int64, _ids, sizeof(long), rows, 1)));
        return binding;
    }

    /// <summary>Everything but the ids.</summary>
    /// <param name="keep">Sees to it that a value lives as long as the binding.</param>
    private OrtIoBinding Bind(int row, int count, Func<OrtValue, OrtValue> keep)
    {
        var binding = _session.CreateIoBinding();
        if (ReadsTogether)
        {
            binding.BindInput(TakenPositions.Name, keep(Value(TensorElementType.Int64, _taken, sizeof(long), count)));
        }

        if (_hasRounds)
        {
            foreach (var value in AttentionRounds.BindNone(binding))
            {
                keep(value);
            }
        }

        binding.BindInput("seqlens_k", keep(Value(TensorElementType.Int32, _lengths, sizeof(int), count)));
        binding.BindInput("total_sequence_length", keep(Value(TensorElementType.Int32, _total, sizeof(int), 1)));
        binding.BindOutput("logits", keep(Value(TensorElementType.Float, _logits, sizeof(float), count, _size.Vocabulary)));
        BindCaches(binding, row, count, AttentionRounds.Count - 1, keep);
        return binding;
    }

    /// <summary>Keys and values of rows, and what the rounds from <paramref name="firstRound"/> on leave there.</summary>
    private void BindCaches(OrtIoBinding binding, int row, int count, int firstRound, Func<OrtValue, OrtValue> keep)
    {
        for (var layer = 0; layer < _size.Layers; layer++)
        {
            foreach (var part in (ReadOnlySpan<string>)["key", "value"])
            {
                var view = keep(_arena.View((layer * 2) + (part == "key" ? 0 : 1), row, count));
                binding.BindInput($"past_key_values.{layer}.{part}", view);
                for (var round = firstRound; round < AttentionRounds.Count; round++)
                {
                    binding.BindOutput(AttentionRounds.Present(layer, part, round), view);
                }
            }
        }
    }

    private static OrtValue Value(TensorElementType type, void* data, int elementBytes, params long[] shape)
    {
        var elements = shape.Aggregate(1L, (product, extent) => product * extent);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)data, elements * elementBytes);
    }

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }
}
