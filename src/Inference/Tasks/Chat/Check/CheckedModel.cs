using System.Numerics.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Chat.Check;

/// <summary>A decoder as the check runs it: in float32 on the processor, and in half precision on the provider that is checked. Its graphs
/// lie in a folder of the caller.</summary>
internal sealed class CheckedModel
{
    private readonly SessionFactory _processor;
    private readonly SessionFactory _sessions;
    private readonly string _exact;
    private readonly string _half;
    private readonly ModelDecoder _size;

    private CheckedModel(DecoderWeights weights, int[] prompt, SessionFactory sessions, string folder)
    {
        (Prompt, _sessions) = (prompt, sessions);
        _processor = new SessionFactory(ExecutionProvider.Cpu, sessions.Threads, sessions.Spin);
        weights.Shape = KernelTrial.Fit(weights.Shape, _processor);
        var shape = weights.Shape;
        _exact = Write(weights, Path.Combine(folder, "exact"));
        weights.Shape = shape with { HalfActivations = true };
        _half = Write(weights, Path.Combine(folder, "half"));
        Context = shape.Context;
        _size = new ModelDecoder(
            shape.Layers.Count, shape.KeyValueHeads, shape.KernelWidth, shape.Vocabulary, KeyValueTypes.Float16, shape.Heads);
    }

    /// <summary>Ids that a text has.</summary>
    public IReadOnlyList<int> Prompt { get; }

    public int Context { get; }

    public int Vocabulary => _size.Vocabulary;

    /// <summary>Reads a GGUF file of a decoder, or makes a small one with random weights.</summary>
    /// <param name="path">Null for the small one.</param>
    /// <exception cref="ModelImportException">The file is no decoder that is taken.</exception>
    public static CheckedModel Open(string? path, SessionFactory sessions, string folder)
    {
        if (path is null)
        {
            return new CheckedModel(DecoderWeights.Sample(Small), ParityText.Spread(64, Small.Vocabulary), sessions, folder);
        }

        using var file = GgufParts.Open(path);
        var weights = new DecoderWeights(file);
        var vocabulary = GgufVocabulary.ReadTokenizer(file.Metadata, weights.Shape.Vocabulary);
        return new CheckedModel(
            weights, ParityText.Read(vocabulary.Tokenizer, weights.Shape.Vocabulary, weights.Shape.Context), sessions, folder);
    }

    private static DecoderShape Small => new()
    {
        Family = DecoderFamily.All[0],
        Layers = [.. Enumerable.Repeat(new LayerShape(Window: null, Rotation.Plain(width: 64, ropeBase: 10_000)), 4)],
        Width = 256,
        FeedForward = 704,
        Heads = 8,
        KeyValueHeads = 2,
        HeadWidth = 64,
        Vocabulary = 4096,
        Context = 512,
        NormEpsilon = 1e-5f,
        AttentionScale = 0.125f,
    };

    /// <summary>The prompt, and behind it the likeliest tokens of the processor in float32, with the logits after each token from the last
    /// of the prompt on.</summary>
    public (int[] Ids, float[][] Logits) Answer(int tokens)
    {
        using var session = _processor.Open(_exact);
        using var run = new DecoderRun(session, _size.Layers, _size.KeyValueHeads, _size.HeadWidth, Prompt.Count + tokens);
        var ids = Prompt.ToList();
        var logits = new List<float[]> { run.Append(ids.ToArray()) };
        while (logits.Count <= tokens)
        {
            ids.Add(TensorPrimitives.IndexOfMax<float>(logits[^1]));
            logits.Add(run.Append([ids[^1]]));
        }

        return ([.. ids], [.. logits]);
    }

    /// <summary>Rows on the provider, with the session below them.</summary>
    /// <param name="captures">Whether decode steps are captured; only on CUDA.</param>
    public Opened OpenRows(int rows, int length, bool captures)
    {
        var provider = _sessions.Provider with { Captures = captures };
        var session = new SessionFactory(provider, _sessions.Threads, _sessions.Spin).OpenDecoder(_half, int.MaxValue, captures);
        return new Opened(
            session,
            new DeviceSteps(session, _size, new DeviceMemory(session, provider), captures, rows, length, Math.Max(64, Prompt.Count)));
    }

    private static string Write(DecoderWeights weights, string folder)
    {
        Directory.CreateDirectory(folder);
        DecoderGraph.Write(weights, WeightPrecision.Float32, folder);
        return Path.Combine(folder, "model.onnx");
    }

    /// <summary>An engine and its session, which end together.</summary>
    internal sealed record Opened(IDisposable Session, IDecoderEngine Engine) : IDisposable
    {
        public void Dispose()
        {
            Engine.Dispose();
            Session.Dispose();
        }
    }
}
