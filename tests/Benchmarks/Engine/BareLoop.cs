using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;

namespace Tollgate.Benchmarks.Engine;

/// <summary>
/// The worker's graph in the loop that somebody writes by hand who knows ONNX Runtime: memory and bindings made once, keys and values
/// appended in place, all rows in one step, the likeliest token each. No queue, no sampler, no text, no events; rows begin and end
/// together.
/// </summary>
internal sealed unsafe class BareLoop : IDisposable
{
    private const nuint Alignment = 64;
    private readonly InferenceSession _session;
    private readonly ModelDecoder _shape;
    private readonly int _length;

    /// <summary>Whether the graph takes the positions whose logits are wanted, and so prompts of several lengths.</summary>
    private readonly bool _readsTogether;
    private readonly TensorElementType _cacheType;
    private readonly long _rowBytes;
    private readonly nint[] _caches;
    private readonly nint _ids;
    private readonly nint _lengths;
    private readonly nint _taken;
    private readonly nint _total;
    private readonly nint _logits;
    private readonly Dictionary<(int Row, int Rows), OrtIoBinding> _bindings = [];
    private readonly List<OrtValue> _values = [];
    private readonly RunOptions _options = new();

    /// <param name="rows">Most rows.</param>
    /// <param name="length">Most tokens of a row.</param>
    public BareLoop(InferenceSession session, ModelDecoder shape, int rows, int length)
    {
        (_session, _shape, _length) = (session, shape, length);
        _readsTogether = session.InputMetadata.ContainsKey("taken");
        _cacheType = CacheType.Of(session);
        _rowBytes = (long)shape.KeyValueHeads * length * shape.HeadWidth * CacheType.Bytes(_cacheType);
        _caches = [.. Enumerable.Range(0, shape.Layers * 2).Select(_ => Allocate(rows * _rowBytes))];
        _ids = Allocate((long)rows * length * sizeof(long));
        _lengths = Allocate(rows * sizeof(int));
        _taken = Allocate(rows * sizeof(long));
        _total = Allocate(sizeof(int));
        _logits = Allocate((long)rows * shape.Vocabulary * sizeof(float));
    }

    /// <summary>Answers prompts of any lengths.</summary>
    /// <returns>The tokens of each answer.</returns>
    public int[][] Answer(int[][] prompts, int tokens)
    {
        var answers = prompts.Select(_ => new int[tokens]).ToArray();
        Read(prompts, answers);
        var rows = prompts.Length;
        for (var step = 1; step < tokens; step++)
        {
            var longest = 0;
            for (var row = 0; row < rows; row++)
            {
                ((long*)_ids)[row] = answers[row][step - 1];
                ((int*)_lengths)[row] = prompts[row].Length + step - 1;
                ((long*)_taken)[row] = row;
                longest = Math.Max(longest, prompts[row].Length + step);
            }

            Run(row: 0, rows, columns: 1, longest);
            Choose(0, rows, answers, step);
        }

        return answers;
    }

    public void Dispose()
    {
        foreach (var binding in _bindings.Values)
        {
            binding.Dispose();
        }

        _values.ForEach(value => value.Dispose());
        _options.Dispose();
        foreach (var memory in (IEnumerable<nint>)[.. _caches, _ids, _lengths, _taken, _total, _logits])
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }

    /// <summary>All prompts in one step, padded behind their ends, where the graph takes that; one after the other elsewhere.</summary>
    private void Read(int[][] prompts, int[][] answers)
    {
        var together = _readsTogether ? prompts.Length : 1;
        for (var first = 0; first < prompts.Length; first += together)
        {
            var columns = prompts.Skip(first).Take(together).Max(prompt => prompt.Length);
            for (var row = 0; row < together; row++)
            {
                var prompt = prompts[first + row];
                for (var column = 0; column < columns; column++)
                {
                    ((long*)_ids)[(row * columns) + column] = column < prompt.Length ? prompt[column] : 0;
                }

                ((int*)_lengths)[row] = prompt.Length - 1;
                ((long*)_taken)[row] = (row * columns) + prompt.Length - 1;
            }

            Run(first, together, columns, columns);
            Choose(first, together, answers, step: 0);
        }
    }

    /// <param name="columns">Tokens of a row in this step.</param>
    /// <param name="total">Tokens of the longest row behind it.</param>
    private void Run(int row, int rows, int columns, int total)
    {
        *(int*)_total = total;
        if (!_bindings.TryGetValue((row, rows), out var binding))
        {
            binding = _bindings[(row, rows)] = Bind(row, rows);
        }

        using var ids = Value(TensorElementType.Int64, _ids, sizeof(long), rows, columns);
        binding.BindInput("input_ids", ids);
        _session.RunWithBinding(_options, binding);
    }

    private void Choose(int row, int rows, int[][] answers, int step)
    {
        for (var i = 0; i < rows; i++)
        {
            var logits = new ReadOnlySpan<float>((float*)_logits + ((long)i * _shape.Vocabulary), _shape.Vocabulary);
            answers[row + i][step] = TensorPrimitives.IndexOfMax(logits);
        }
    }

    private OrtIoBinding Bind(int row, int rows)
    {
        var binding = _session.CreateIoBinding();
        binding.BindInput("seqlens_k", Keep(Value(TensorElementType.Int32, _lengths, sizeof(int), rows)));
        binding.BindInput("total_sequence_length", Keep(Value(TensorElementType.Int32, _total, sizeof(int), 1)));
        if (_readsTogether)
        {
            binding.BindInput("taken", Keep(Value(TensorElementType.Int64, _taken, sizeof(long), rows)));
        }

        if (AttentionRounds.AreInputsOf(_session))
        {
            _values.AddRange(AttentionRounds.BindNone(binding));
        }

        binding.BindOutput("logits", Keep(Value(TensorElementType.Float, _logits, sizeof(float), rows, _shape.Vocabulary)));
        for (var i = 0; i < _caches.Length; i++)
        {
            var cache = Keep(Value(
                _cacheType, _caches[i] + (nint)(row * _rowBytes), CacheType.Bytes(_cacheType), rows, _shape.KeyValueHeads, _length,
                _shape.HeadWidth));
            var name = $"{i / 2}.{(i % 2 == 0 ? "key" : "value")}";
            binding.BindInput($"past_key_values.{name}", cache);
            binding.BindOutput($"present.{name}", cache);
        }

        return binding;
    }

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }

    private static OrtValue Value(TensorElementType type, nint memory, int bytes, params long[] shape) =>
        OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, type, shape, memory, shape.Aggregate((long)bytes, (product, extent) => product * extent));

    /// <summary>Memory whose pages are there, so that no answer waits for them.</summary>
    private static nint Allocate(long bytes)
    {
        var memory = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        NativeMemory.Clear(memory, (nuint)bytes);
        return (nint)memory;
    }
}
