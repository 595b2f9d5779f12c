using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>The tensors of a Llama-family GGUF file by their part in the model, each with the size that the shape demands.</summary>
internal sealed class LlamaWeights
{
    private readonly IReadOnlyDictionary<string, GgufTensor> _tensors;
    private readonly Func<GgufTensor, float[]> _read;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <exception cref="ModelImportException">A tensor is missing, has another size, or is one that the importer does not
    /// know.</exception>
    public LlamaWeights(GgufFile file)
        : this(LlamaShape.Read(file), file.Tensors, file.Read)
    {
    }

    private LlamaWeights(LlamaShape shape, IReadOnlyDictionary<string, GgufTensor> tensors, Func<GgufTensor, float[]> read)
    {
        _tensors = tensors;
        _read = read;
        Shape = shape;
        Embedding = Take("token_embd.weight", Shape.Width, Shape.Vocabulary);
        OutputNorm = Take("output_norm.weight", Shape.Width, 1);
        Output = TakeOptional("output.weight", Shape.Width, Shape.Vocabulary);
        RopeFactors = TakeOptional("rope_freqs.weight", Shape.HeadWidth / 2, 1) is { } factors ? ReadRopeFactors(factors) : null;
        Layers = Enumerable.Range(0, Shape.Layers).Select(TakeLayer).ToArray();
        var unknown = tensors.Keys.FirstOrDefault(name => !_used.Contains(name));
        if (unknown is not null)
        {
            throw new ModelImportException($"The tensor '{unknown}' is not part of the Llama architecture as the importer knows it.");
        }
    }

    /// <summary>Set again once the trial of the kernels has found the width of their heads.</summary>
    public LlamaShape Shape { get; set; }

    /// <summary>Random weights of a shape, the same at every call: to try what the shape asks of the kernels.</summary>
    public static LlamaWeights Sample(LlamaShape shape)
    {
        var (query, key) = (shape.Heads * shape.HeadWidth, shape.KeyValueHeads * shape.HeadWidth);
        var sizes = new List<(string Name, int Columns, int Rows)>
        {
            ("token_embd.weight", shape.Width, shape.Vocabulary), ("output_norm.weight", shape.Width, 1),
        };
        for (var i = 0; i < shape.Layers; i++)
        {
            (string Part, int Columns, int Rows)[] parts =
            [
                ("attn_norm", shape.Width, 1), ("attn_q", shape.Width, query), ("attn_k", shape.Width, key), ("attn_v", shape.Width, key),
                ("attn_output", query, shape.Width), ("ffn_norm", shape.Width, 1), ("ffn_gate", shape.Width, shape.FeedForward),
                ("ffn_up", shape.Width, shape.FeedForward), ("ffn_down", shape.FeedForward, shape.Width),
            ];
            sizes.AddRange(parts.Select(part => ($"blk.{i}.{part.Part}.weight", part.Columns, part.Rows)));
        }

        return new LlamaWeights(
            shape, sizes.ToDictionary(s => s.Name, s => new GgufTensor(s.Name, s.Columns, s.Rows, TensorEncoding.F32, Start: 0)), Draw);
    }

    /// <summary>Norms are 1; a product of others has numbers of about 1.</summary>
    private static float[] Draw(GgufTensor tensor)
    {
        var random = new Random(tensor.Name.Sum(c => (c * 31) + 7));
        var scale = 3.4 / Math.Sqrt(tensor.Columns); // an even draw of width 1 has a deviation of 1 / 3.46
        return [.. Enumerable.Range(0, (int)tensor.Elements)
            .Select(_ => tensor.Rows == 1 ? 1 : (float)((random.NextDouble() - 0.5) * scale))];
    }

    public GgufTensor Embedding { get; }

    public GgufTensor OutputNorm { get; }

    /// <summary>Null when the output shares the table of the embedding.</summary>
    public GgufTensor? Output { get; }

    /// <summary>Divisors of the rotary frequencies, or null.</summary>
    public float[]? RopeFactors { get; }

    public IReadOnlyList<Layer> Layers { get; }

    public float[] Read(GgufTensor tensor) => _read(tensor);

    private float[] ReadRopeFactors(GgufTensor tensor)
    {
        var factors = Read(tensor);
        return factors.All(f => float.IsFinite(f) && f > 0)
            ? factors
            : throw new ModelImportException("The rotary factors are not positive numbers.");
    }

    private Layer TakeLayer(int index)
    {
        var prefix = $"blk.{index}.";
        var queryWidth = Shape.Heads * Shape.HeadWidth;
        var keyWidth = Shape.KeyValueHeads * Shape.HeadWidth;
        return new Layer(
            Take(prefix + "attn_norm.weight", Shape.Width, 1),
            Take(prefix + "attn_q.weight", Shape.Width, queryWidth),
            Take(prefix + "attn_k.weight", Shape.Width, keyWidth),
            Take(prefix + "attn_v.weight", Shape.Width, keyWidth),
            TakeOptional(prefix + "attn_q.bias", queryWidth, 1),
            TakeOptional(prefix + "attn_k.bias", keyWidth, 1),
            TakeOptional(prefix + "attn_v.bias", keyWidth, 1),
            Take(prefix + "attn_output.weight", queryWidth, Shape.Width),
            Take(prefix + "ffn_norm.weight", Shape.Width, 1),
            Take(prefix + "ffn_gate.weight", Shape.Width, Shape.FeedForward),
            Take(prefix + "ffn_up.weight", Shape.Width, Shape.FeedForward),
            Take(prefix + "ffn_down.weight", Shape.FeedForward, Shape.Width));
    }

    private GgufTensor Take(string name, int columns, int rows) =>
        TakeOptional(name, columns, rows) ?? throw new ModelImportException($"The GGUF file lacks the tensor '{name}'.");

    private GgufTensor? TakeOptional(string name, int columns, int rows)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
        {
            return null;
        }

        _used.Add(name);
        return tensor.Columns == columns && tensor.Rows == rows
            ? tensor
            : throw new ModelImportException(
                $"The tensor '{name}' is {tensor.Rows} × {tensor.Columns}; the model's shape demands {rows} × {columns}.");
    }

    /// <summary>One block: attention, then the gated feed-forward part. Matrices are stored as rows of outputs.</summary>
    internal sealed record Layer(
        GgufTensor AttentionNorm,
        GgufTensor Query,
        GgufTensor Key,
        GgufTensor Value,
        GgufTensor? QueryBias,
        GgufTensor? KeyBias,
        GgufTensor? ValueBias,
        GgufTensor AttentionOutput,
        GgufTensor FeedForwardNorm,
        GgufTensor Gate,
        GgufTensor Up,
        GgufTensor Down);
}
