using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>Finds the lengths of chunks in which the attention kernel gives each token the numbers that it gives it in any other of
/// them, to the last bit.</summary>
/// <remarks>
/// The kernel cuts a chunk into tiles of tokens, as many as the width of a head and the processor's cache allow. A tile of one token goes
/// through code that adds in another order: 33 tokens in tiles of 32 are inexact, as is one token. With heads wider than 128 a token's
/// numbers also depend on where its chunk ends. None of this is in the kernel's contract, so it is tried on the machine that serves.
/// </remarks>
internal static class ChunkTrial
{
    /// <summary>The one length for a kernel whose numbers depend on the cuts: they are then always the same.</summary>
    private const int OnlyLength = 32;

    /// <summary>Tokens over which chunks are moved.</summary>
    private const int Positions = 320;

    private const int Step = 8;

    private static readonly ConcurrentDictionary<Tried, IReadOnlyList<int>> Known = new();

    /// <summary>Exact lengths from 2 on, ascending, 2 and 3 among them; or one length, which every chunk of a prompt but the last must
    /// have. Tried once in a process.</summary>
    /// <param name="headWidth">Width of a head of the cache.</param>
    /// <param name="type">Type of the cache.</param>
    /// <param name="longest">Longest length of a chunk, tokens, at least 16.</param>
    public static IReadOnlyList<int> Run(int headWidth, TensorElementType type, int longest, SessionFactory sessions) => Known.GetOrAdd(
        new(headWidth, type, longest, sessions.Provider.Name, sessions.Threads), tried => Try(tried, sessions));

    private static int[] Try(Tried tried, SessionFactory sessions)
    {
        var (headWidth, type, longest, _, _) = tried;
        var count = Positions + longest;
        using var session = sessions.Open(Build(headWidth, type));
        using var attention = new Attention(session, headWidth, type, count, new Random(headWidth));
        var expected = new float[count * headWidth];
        for (var past = 0; past < count; past += 2)
        {
            var first = Math.Min(past, count - 2); // an odd count ends with a pair of which the first was computed before
            attention.Append(first, 2).CopyTo(expected.AsSpan(first * headWidth));
        }

        var exact = Enumerable.Range(2, longest - 1).Where(length => IsExact(0, length) && IsExact(Step, length)).ToArray();
        var moved = exact.LastOrDefault(length => length <= 2 * Step);
        return exact is [2, 3, ..] && Enumerable.Range(0, Positions / Step).All(i => IsExact(i * Step, moved))
            ? exact : [Math.Min(OnlyLength, longest)];

        bool IsExact(int past, int length) =>
            attention.Append(past, length).SequenceEqual(expected.AsSpan(past * headWidth, length * headWidth));
    }

    /// <summary>The attention kernel alone, with one head.</summary>
    public static byte[] Build(int headWidth, TensorElementType type)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("heads", typeof(float), "rows", "new", 3 * headWidth);
        graph.Input("seqlens_k", typeof(int), "rows");
        graph.Input("total_sequence_length", typeof(int), 1);
        foreach (var part in (ReadOnlySpan<string>)["key", "value"])
        {
            graph.Input($"past.{part}", type, "rows", 1, "length", headWidth);
            graph.Output($"present.{part}", type, "rows", 1, "length", headWidth);
        }

        graph.Output("attention", typeof(float), "rows", "new", headWidth);
        var half = type == TensorElementType.Float16;
        var heads = half ? graph.Node("Cast", ["heads"], ("to", (int)type)) : "heads";
        graph.Node(
            "GroupQueryAttention", OnnxGraphBuilder.MicrosoftDomain,
            [heads, "", "", "past.key", "past.value", "seqlens_k", "total_sequence_length"],
            [half ? "attention.half" : "attention", "present.key", "present.value"],
            ("num_heads", 1), ("kv_num_heads", 1));
        if (half)
        {
            graph.Node("Cast", domain: "", ["attention.half"], ["attention"], ("to", (int)TensorElementType.Float));
        }

        return graph.ToModel().ToArray();
    }

    /// <summary>All that the lengths depend on. The number of heads is not among it: the trial has one, as each head is computed by
    /// itself.</summary>
    private sealed record Tried(int HeadWidth, TensorElementType Type, int Longest, string Provider, int Threads);

    /// <summary>A sequence of random queries, keys and values. What was appended once stays in the cache.</summary>
    private sealed class Attention : IDisposable
    {
        private readonly InferenceSession _session;
        private readonly RunOptions _options = new();
        private readonly float[] _heads;
        private readonly OrtValue[] _cache;
        private readonly int _headWidth;

        public Attention(InferenceSession session, int headWidth, TensorElementType type, int count, Random random)
        {
            (_session, _headWidth) = (session, headWidth);
            _heads = [.. Enumerable.Range(0, count * 3 * headWidth).Select(_ => (float)((random.NextDouble() - 0.5) * 4))];
            _cache = [.. Enumerable.Range(0, 2).Select(
                _ => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, [1, 1, count, headWidth]))];
        }

        /// <summary>What the tokens from <paramref name="past"/> on attend to, <c>[length, headWidth]</c>.</summary>
        public float[] Append(int past, int length)
        {
            var heads = _heads.AsSpan(past * 3 * _headWidth, length * 3 * _headWidth).ToArray();
            using var input = OrtValue.CreateTensorValueFromMemory(heads, [1, length, 3 * _headWidth]);
            using var lengths = OrtValue.CreateTensorValueFromMemory(new[] { past + length - 1 }, [1]);
            using var total = OrtValue.CreateTensorValueFromMemory(new[] { past + length }, [1]);
            using var binding = _session.CreateIoBinding();
            binding.BindInput("heads", input);
            binding.BindInput("seqlens_k", lengths);
            binding.BindInput("total_sequence_length", total);
            binding.BindInput("past.key", _cache[0]);
            binding.BindInput("past.value", _cache[1]);
            binding.BindOutput("present.key", _cache[0]);
            binding.BindOutput("present.value", _cache[1]);
            binding.BindOutputToDevice("attention", OrtMemoryInfo.DefaultInstance);
            _session.RunWithBinding(_options, binding);
            using var outputs = binding.GetOutputValues();
            return outputs[^1].GetTensorDataAsSpan<float>().ToArray();
        }

        public void Dispose()
        {
            _options.Dispose();
            Array.ForEach(_cache, value => value.Dispose());
        }
    }
}
