using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Runs a decoder whose keys and values lie in the memory of its session's device. Before a step its ids, lengths and positions are copied
/// there, after it the logits that the caller asks for come back, row by row. One thread; the logits of different places may be used on
/// several. Untested on a GPU: the tests run it over the memory of the host.
/// </summary>
internal sealed unsafe class DeviceSteps : IDecoderEngine
{
    private const string GraphName = "gpu_graph_id";
    private const int Alignment = 64;

    /// <summary>Of the process: two engines over one session must not replay each other's graphs.</summary>
    private static int _lastGraph;

    private readonly InferenceSession _session;
    private readonly ModelDecoder _size;
    private readonly DeviceMemory _memory;
    private readonly DeviceArena _arena;
    private readonly int _maxChunk;
    private readonly bool _captures;
    private readonly Binding?[] _batches;
    private readonly RunOptions?[] _graphs;
    private readonly RunOptions _once = new();
    private readonly Inputs _inputs;
    private readonly nint _deviceInputs;
    private readonly nint _deviceLogits;
    private readonly AlignedFloats _logits;
    private readonly bool[] _fetched;
    private readonly int* _total;

    /// <param name="memory">Of the session's device. The engine owns it.</param>
    /// <param name="captures">Whether decode steps are captured, one graph for each number of rows, and replayed: the session allows
    /// it.</param>
    /// <param name="length">Most tokens in a row, at least 2.</param>
    /// <param name="maxChunk">Most tokens of a row that one step takes.</param>
    public DeviceSteps(
        InferenceSession session, ModelDecoder size, DeviceMemory memory, bool captures, int rows, int length, int maxChunk)
    {
        (_session, _size, _memory, _captures, _maxChunk) = (session, size, memory, captures, maxChunk);
        (Rows, Length, ReadsTogether) = (rows, length, TakenPositions.AreInputOf(session));
        _arena = new DeviceArena(memory, size, rows, length, CacheType.Of(session));
        _batches = new Binding?[rows + 1];
        _graphs = new RunOptions?[rows + 1];
        _inputs = new Inputs(rows, maxChunk);
        _deviceInputs = memory.Allocate(_inputs.Bytes(rows * maxChunk));
        _deviceLogits = memory.Allocate((long)sizeof(float) * rows * size.Vocabulary);
        _logits = new AlignedFloats(rows * size.Vocabulary);
        _fetched = new bool[rows];
        _total = (int*)NativeMemory.AlignedAlloc(sizeof(int), Alignment);
        _once.AddRunConfigEntry(GraphName, "-1");
    }

    public int Rows { get; }

    public int Length { get; }

    public long BytesPerToken => _arena.BytesPerToken;

    public bool ReadsTogether { get; }

    /// <summary>0: graphs for a device have no rounds.</summary>
    public int MostVerified => 0;

    /// <remarks>The longest row's length is always said to be <see cref="Length"/>: a graph keeps the one that it was captured with, and
    /// kernels then divide each row's work in the same way whoever else is there.</remarks>
    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> past)
    {
        var rows = tokens.Length;
        for (var row = 0; row < rows; row++)
        {
            _inputs.Ids[row] = tokens[row];
            _inputs.Taken[row] = row;
            _inputs.Lengths[row] = past[row];
        }

        Upload(rows, ids: rows, total: Length);
        var binding = _batches[rows] ??= Bind(row: 0, rows, length: 1);
        if (_graphs[rows] is { } graph)
        {
            Run(binding, graph);
        }
        else if (!_captures || !TryCapture(rows, binding))
        {
            Run(binding, _once);
        }
    }

    public void Verify(ReadOnlySpan<int> tokens, ReadOnlySpan<int> counts, ReadOnlySpan<int> past) =>
        throw new InvalidOperationException("The graph of this model takes one token a row.");

    public void Extend(int row, ReadOnlySpan<int> tokens, int past)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, _maxChunk);
        _inputs.Write(tokens, at: 0);
        _inputs.Taken[0] = tokens.Length - 1;
        _inputs.Lengths[0] = past + tokens.Length - 1;
        Upload(rows: 1, ids: tokens.Length, total: past + tokens.Length);
        using var binding = Bind(row, count: 1, tokens.Length);
        Run(binding, _once);
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
            _inputs.Write(tokens[i].Span, i * length);
            new Span<long>(_inputs.Ids + (i * length) + count, length - count).Clear();
            _inputs.Taken[i] = (i * length) + count - 1;
            _inputs.Lengths[i] = count - 1;
        }

        Upload(tokens.Count, ids: tokens.Count * length, total: length);
        using var binding = Bind(row, tokens.Count, length);
        Run(binding, _once);
    }

    public Span<float> Logits(int index)
    {
        var logits = _logits.Span.Slice(index * _size.Vocabulary, _size.Vocabulary);
        if (!_fetched[index])
        {
            var bytes = (long)sizeof(float) * _size.Vocabulary;
            fixed (float* host = logits)
            {
                _memory.Download([(_deviceLogits + (nint)(index * bytes), (nint)host)], bytes);
            }

            _fetched[index] = true;
        }

        return logits;
    }

    public void Copy(int from, int to, int tokens) => _arena.Copy(from, to);

    public KeyValueBlock Save(int row, int first, int count)
    {
        var block = new KeyValueBlock(count, checked((int)(count * BytesPerToken)));
        fixed (byte* content = block.Content)
        {
            _arena.Read(row, first, count, (nint)content);
        }

        return block;
    }

    public void Restore(KeyValueBlock block, int row, int first)
    {
        fixed (byte* content = block.Content)
        {
            _arena.Write(row, first, block.Tokens, (nint)content);
        }
    }

    /// <summary>Does nothing: rows keep their memory.</summary>
    public void Release(int row)
    {
    }

    /// <summary>Does nothing, as <see cref="Release"/>.</summary>
    public void Trim(int firstFree)
    {
    }

    public void Dispose()
    {
        Array.ForEach(_batches, binding => binding?.Dispose());
        Array.ForEach(_graphs, graph => graph?.Dispose());
        _once.Dispose();
        _inputs.Dispose();
        _logits.Dispose();
        _memory.Dispose();
        NativeMemory.AlignedFree(_total);
    }

    private void Upload(int rows, int ids, int total)
    {
        *_total = total;
        Array.Clear(_fetched, 0, rows);
        _memory.Upload(_inputs.Address, _deviceInputs, _inputs.Bytes(ids));
    }

    private void Run(Binding binding, RunOptions options) => DeviceUse.Share(() =>
    {
        _session.RunWithBinding(options, binding.Io);
        return true;
    });

    /// <summary>The runtime runs the step, and once more to capture it: the second writes the same keys and values. Where others use the
    /// device now, a later step is captured.</summary>
    private bool TryCapture(int rows, Binding binding) => DeviceUse.TryAlone(() =>
    {
        var graph = new RunOptions();
        graph.AddRunConfigEntry(GraphName, Interlocked.Increment(ref _lastGraph).ToString(CultureInfo.InvariantCulture));
        _session.RunWithBinding(graph, binding.Io);
        _graphs[rows] = graph;
    });

    private Binding Bind(int row, int count, int length)
    {
        var binding = new Binding(_session.CreateIoBinding());
        if (ReadsTogether)
        {
            binding.Input(TakenPositions.Name, Input(TensorElementType.Int64, _inputs.TakenAt, sizeof(long), count));
        }

        if (AttentionRounds.AreInputsOf(_session))
        {
            binding.Keep(AttentionRounds.BindNone(binding.Io));
        }

        binding.Input("input_ids", Input(TensorElementType.Int64, _inputs.IdsAt, sizeof(long), count, length));
        binding.Input("seqlens_k", Input(TensorElementType.Int32, at: 0, sizeof(int), count));
        binding.Input("total_sequence_length", OrtValue.CreateTensorValueWithData( // The kernel reads it on the host.
            OrtMemoryInfo.DefaultInstance, TensorElementType.Int32, [1], (nint)_total, sizeof(int)));
        binding.Output("logits", _memory.Tensor(TensorElementType.Float, _deviceLogits, sizeof(float), count, _size.Vocabulary));
        for (var buffer = 0; buffer < _size.Layers * 2; buffer++)
        {
            var (name, view) = ($"{buffer / 2}.{(buffer % 2 == 0 ? "key" : "value")}", _arena.View(buffer, row, count));
            binding.Input($"past_key_values.{name}", view);
            binding.Output($"present.{name}", view);
        }

        return binding;
    }

    private OrtValue Input(TensorElementType type, int at, int numberBytes, params long[] shape) =>
        _memory.Tensor(type, _deviceInputs + at, numberBytes, shape);

    /// <summary>What a step takes beside keys and values, on the host: lengths, taken positions and ids, in one piece.</summary>
    private sealed class Inputs : IDisposable
    {
        private readonly byte* _memory;

        public Inputs(int rows, int maxChunk)
        {
            TakenAt = (sizeof(int) * rows + Alignment - 1) / Alignment * Alignment;
            IdsAt = TakenAt + ((sizeof(long) * rows) + Alignment - 1) / Alignment * Alignment;
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes(rows * maxChunk), Alignment);
        }

        public int TakenAt { get; }

        public int IdsAt { get; }

        public nint Address => (nint)_memory;

        public int* Lengths => (int*)_memory;

        public long* Taken => (long*)(_memory + TakenAt);

        public long* Ids => (long*)(_memory + IdsAt);

        /// <summary>Bytes up to the last of the ids.</summary>
        public int Bytes(int ids) => IdsAt + (sizeof(long) * ids);

        public void Write(ReadOnlySpan<int> tokens, int at)
        {
            for (var i = 0; i < tokens.Length; i++)
            {
                Ids[at + i] = tokens[i];
            }
        }

        public void Dispose() => NativeMemory.AlignedFree(_memory);
    }

    /// <summary>A binding with the values that must live as long.</summary>
    private sealed class Binding(OrtIoBinding io) : IDisposable
    {
        private readonly HashSet<OrtValue> _values = [];

        public OrtIoBinding Io => io;

        public void Input(string name, OrtValue value)
        {
            _values.Add(value);
            io.BindInput(name, value);
        }

        public void Output(string name, OrtValue value)
        {
            _values.Add(value);
            io.BindOutput(name, value);
        }

        public void Keep(IEnumerable<OrtValue> values) => _values.UnionWith(values);

        public void Dispose()
        {
            io.Dispose();
            foreach (var value in _values)
            {
                value.Dispose();
            }
        }
    }
}
