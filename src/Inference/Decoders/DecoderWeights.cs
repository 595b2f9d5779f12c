using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>The tensors of a decoder by their part in the model, each with the size that the shape demands.</summary>
internal sealed class DecoderWeights
{
    /// <summary>The table of the tokens' vectors; its rows are the vocabulary.</summary>
    public const string EmbeddingName = "token_embd.weight";

    private readonly ArchitectureTensors _tensors;

    /// <exception cref="ModelImportException">A tensor is missing, has another size, or is one that the importer does not
    /// know.</exception>
    public DecoderWeights(IWeightFile file)
        : this(file, new ArchitectureTensors(file))
    {
    }

    private DecoderWeights(IWeightFile file, ArchitectureTensors tensors)
        : this(DecoderShape.Read(file, tensors), tensors) => tensors.RefuseOthers(Shape.Family.Architecture);

    private DecoderWeights(DecoderShape shape, ArchitectureTensors tensors)
    {
        _tensors = tensors;
        Shape = shape;
        Embedding = tensors.Take(EmbeddingName, shape.Width, shape.Vocabulary);
        Positions = shape.Family.Positions == PositionForm.Learned
            ? tensors.Take("position_embd.weight", shape.Width, shape.Context)
            : null;
        OutputNorm = TakeNorm("output_norm", shape.Width);
        Output = tensors.TakeOptional("output.weight", shape.Width, shape.Vocabulary);
        Layers = [.. Enumerable.Range(0, shape.Layers.Count).Select(i => TakeLayer($"blk.{i}."))];
    }

    /// <summary>Set again once the trial of the kernels has found the width of their heads.</summary>
    public DecoderShape Shape { get; set; }

    /// <summary>Numbers in all tensors.</summary>
    public long Elements => _tensors.Elements;

    public GgufTensor Embedding { get; }

    /// <summary>A vector for each position, of a family that learns them.</summary>
    public GgufTensor? Positions { get; }

    public NormWeights OutputNorm { get; }

    /// <summary>Null when the output shares the table of the embedding.</summary>
    public GgufTensor? Output { get; }

    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>Random weights of a shape, the same at every call: to try what the shape asks of the kernels.</summary>
    public static DecoderWeights Sample(DecoderShape shape) => new(shape, ArchitectureTensors.Draw());

    public float[] Read(GgufTensor tensor) => _tensors.Read(tensor);

    public float[] Read(TensorPart part) => part.Length == part.Tensor.Elements
        ? _tensors.Read(part.Tensor)
        : _tensors.Read(part.Tensor).AsSpan(part.First, part.Length).ToArray();

    /// <summary>Some rows of a tensor; null where the file gives whole tensors only.</summary>
    /// <exception cref="ModelImportException">A number is not finite.</exception>
    public float[]? ReadRows(GgufTensor tensor, int first, int rows)
    {
        var part = new TensorPart(tensor, first * tensor.Columns, rows * tensor.Columns);
        if (ReadEncoded(part) is not { } bytes)
        {
            return null;
        }

        var numbers = new float[part.Length];
        TensorReader.Decode(tensor, tensor.Name, bytes, numbers);
        return numbers;
    }

    /// <summary>A part that is whole rows, as it is stored.</summary>
    public byte[]? ReadEncoded(TensorPart part) => _tensors.ReadEncoded(part.Tensor, part.First / part.Tensor.Columns, part.Rows);

    private Layer TakeLayer(string prefix)
    {
        var (family, width, query) = (Shape.Family, Shape.Width, Shape.Heads * Shape.HeadWidth);
        var key = Shape.KeyValueHeads * Shape.HeadWidth;
        var packed = _tensors.TakeOptional(prefix + "attn_qkv.weight", width, query + key + key);
        var inputs = packed is not null
            ? Split(prefix + "attn_qkv", packed, [query, key, key])
            : [TakeProduct(prefix + "attn_q", width, query), TakeProduct(prefix + "attn_k", width, key),
                TakeProduct(prefix + "attn_v", width, key)];
        var forward = Shape.FeedForward;
        Product[] gated = family switch
        {
            { PacksGate: true } => Split(
                prefix + "ffn_up", _tensors.Take(prefix + "ffn_up.weight", width, 2 * forward), [forward, forward]),
            { IsGated: true } => [TakeProduct(prefix + "ffn_gate", width, forward), TakeProduct(prefix + "ffn_up", width, forward)],
            _ => [TakeProduct(prefix + "ffn_up", width, forward)],
        };
        return new Layer
        {
            AttentionNorm = TakeNorm(prefix + "attn_norm", width),
            Query = inputs[0],
            Key = inputs[1],
            Value = inputs[2],
            QueryNorm = family.HasHeadNorms ? TakeNorm(prefix + "attn_q_norm", Shape.HeadWidth) : null,
            KeyNorm = family.HasHeadNorms ? TakeNorm(prefix + "attn_k_norm", Shape.HeadWidth) : null,
            AttentionOutput = TakeProduct(prefix + "attn_output", query, width),
            AttentionPostNorm = family.HasPostNorms ? TakeNorm(prefix + "post_attention_norm", width) : null,
            FeedForwardNorm = TakeNorm(prefix + "ffn_norm", width),
            Gate = family.IsGated ? gated[0] : null,
            Up = gated[^1],
            Down = TakeProduct(prefix + "ffn_down", forward, width),
            FeedForwardPostNorm = family.HasPostNorms ? TakeNorm(prefix + "post_ffw_norm", width) : null,
        };
    }

    private NormWeights TakeNorm(string name, int width) => new(
        _tensors.Take(name + ".weight", width, 1),
        Shape.Family.Norm == NormForm.Centred ? _tensors.Take(name + ".bias", width, 1) : null);

    private Product TakeProduct(string name, int inputs, int outputs) =>
        Split(name, _tensors.Take(name + ".weight", inputs, outputs), [outputs])[0];

    /// <summary>Products whose rows lie one after the other in one matrix, and whose biases do in one vector.</summary>
    private Product[] Split(string name, GgufTensor matrix, ReadOnlySpan<int> outputs)
    {
        var bias = Shape.Family.RequiresBiases
            ? _tensors.Take(name + ".bias", matrix.Rows, 1) : _tensors.TakeOptional(name + ".bias", matrix.Rows, 1);
        var products = new Product[outputs.Length];
        for (int i = 0, first = 0; i < products.Length; first += outputs[i], i++)
        {
            products[i] = new Product(
                new TensorPart(matrix, first * matrix.Columns, outputs[i] * matrix.Columns),
                bias is null ? null : new TensorPart(bias, first, outputs[i]));
        }

        return products;
    }

    /// <summary>One block: attention, then the feed-forward part.</summary>
    internal sealed record Layer
    {
        public required NormWeights AttentionNorm { get; init; }

        public required Product Query { get; init; }

        public required Product Key { get; init; }

        public required Product Value { get; init; }

        /// <summary>The norm of each head's query, in a family that has one.</summary>
        public required NormWeights? QueryNorm { get; init; }

        public required NormWeights? KeyNorm { get; init; }

        public required Product AttentionOutput { get; init; }

        public required NormWeights? AttentionPostNorm { get; init; }

        public required NormWeights FeedForwardNorm { get; init; }

        /// <summary>Null in a family without a gate.</summary>
        public required Product? Gate { get; init; }

        public required Product Up { get; init; }

        public required Product Down { get; init; }

        public required NormWeights? FeedForwardPostNorm { get; init; }
    }
}

/// <summary>Some numbers of a tensor, one after the other.</summary>
internal sealed record TensorPart(GgufTensor Tensor, int First, int Length)
{
    /// <summary>Rows of a part that is whole rows.</summary>
    public int Rows => Length / Tensor.Columns;

    public static TensorPart Whole(GgufTensor tensor) => new(tensor, First: 0, checked((int)tensor.Elements));
}

/// <summary>A matrix, stored as rows of outputs, and what is added to its product.</summary>
internal sealed record Product(TensorPart Matrix, TensorPart? Bias);

/// <summary>The factors of a norm, and what is added, in a family whose norms add something.</summary>
internal sealed record NormWeights(GgufTensor Weight, GgufTensor? Bias);
