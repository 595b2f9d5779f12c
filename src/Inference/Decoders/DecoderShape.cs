using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>The numbers that describe a decoder.</summary>
internal sealed record DecoderShape
{
    /// <summary>Most numbers in the tables of the rotation, which hold every position.</summary>
    private const long MostRotaryNumbers = 1 << 27;

    /// <summary>The parts that it has.</summary>
    public required DecoderFamily Family { get; init; }

    public required IReadOnlyList<LayerShape> Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Width inside the feed-forward part.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; each serves <c>Heads / KeyValueHeads</c> query heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Numbers of a head that rotate; 0 where positions are learned.</summary>
    public int RotaryWidth => Rotations.Select(rotation => rotation.Width).DefaultIfEmpty(0).Max();

    /// <summary>Numbers of a head that the attention kernel rotates: a multiple of 16, filled with zeros.</summary>
    public int KernelRotaryWidth => (RotaryWidth + 15) / 16 * 16;

    /// <summary>Width that a head has in the attention kernel and in the cache: <see cref="HeadWidth"/>, or more, filled with
    /// zeros.</summary>
    public int KernelWidth
    {
        get => field == 0 ? HeadWidth - RotaryWidth + KernelRotaryWidth : field;
        init;
    }

    public required int Vocabulary { get; init; }

    /// <summary>Prompt and output together, tokens.</summary>
    public required int Context { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Factor of the attention scores before softmax.</summary>
    public required float AttentionScale { get; init; }

    /// <summary>Whether everything is computed in half precision, the attention too; logits are written as float32.</summary>
    public bool HalfActivations { get; init; }

    /// <summary>Whether the attention computes, and the cache holds, numbers in half precision.</summary>
    public bool HalfKeyValues { get => field || HalfActivations; init; }

    /// <summary>A factor of queries by their position; null: none.</summary>
    public QueryGrowth? QueryGrowth { get; init; }

    /// <summary>Attention scores are bent to ± this by a hyperbolic tangent; 0: they are not.</summary>
    public float AttentionSoftcap { get; init; }

    /// <summary>The same for the logits.</summary>
    public float LogitSoftcap { get; init; }

    /// <summary>Factor of the embedding.</summary>
    public float EmbeddingScale => Family.ScalesEmbedding ? MathF.Sqrt(Width) : 1;

    /// <summary>The rotations of its layers, each once.</summary>
    public IEnumerable<Rotation> Rotations => Layers.Select(layer => layer.Rotation).OfType<Rotation>().Distinct();

    /// <summary>Reads and checks the shape.</summary>
    /// <exception cref="ModelImportException">The file is of another architecture, or uses
    /// a feature that the importer does not know.</exception>
    public static DecoderShape Read(IWeightFile file, ArchitectureTensors tensors)
    {
        var family = GgufTask.FindFamily(file.Metadata);
        var keys = new ArchitectureKeys(file.Metadata, family.Architecture);
        var layers = keys.Number("block_count", 1, 512);
        var width = keys.Number("embedding_length", 1, 65_536);
        var heads = keys.Number("attention.head_count", 1, 1024);
        var headWidth = keys.Number("attention.key_length", 2, 1024, otherwise: Math.Max(width / heads, 1));
        var context = keys.Number("context_length", 2, 1 << 20);
        var spread = family.WidthScaledLayers == layers ? width / heads : headWidth;
        var shape = new DecoderShape
        {
            Family = family,
            Layers = LayerShape.Read(family, keys, tensors, layers, headWidth, context),
            Width = width,
            FeedForward = keys.Number("feed_forward_length", 1, 1 << 20),
            Heads = heads,
            KeyValueHeads = keys.Number("attention.head_count_kv", 1, 1024, otherwise: heads),
            HeadWidth = headWidth,
            Vocabulary = file.Tensors.GetValueOrDefault(DecoderWeights.EmbeddingName)?.Rows
                ?? throw new ModelImportException($"The model lacks the tensor '{DecoderWeights.EmbeddingName}'."),
            Context = context,
            NormEpsilon = (float)keys.Real(
                family.Norm == NormForm.Centred ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 1e-5),
            AttentionScale = (float)keys.Positive("attention.scale", otherwise: 1 / Math.Sqrt(spread)),
            QueryGrowth = family.GrowsQueries ? ReadQueryGrowth(keys, context) : null,
            AttentionSoftcap = (float)keys.Positive("attn_logit_softcapping", otherwise: 0),
            LogitSoftcap = (float)keys.Positive("final_logit_softcapping", otherwise: 0),
        };
        shape.Check(keys);
        keys.RefuseOthers();
        return shape;
    }

    private static QueryGrowth? ReadQueryGrowth(ArchitectureKeys keys, int context)
    {
        var rate = keys.Real("attention.temperature_scale", 0);
        return rate == 0 ? null : new QueryGrowth(rate, keys.Number(Rotation.OriginalContext, 1, 1 << 30, otherwise: context));
    }

    private void Check(ArchitectureKeys keys)
    {
        keys.Require("attention.value_length", HeadWidth, "models whose keys and values differ in width are not supported");
        keys.Require("vocab_size", Vocabulary, "it is not the number of rows of the token table");
        keys.Require("expert_count", 0, "mixture-of-experts models are not supported");
        keys.Require("expert_used_count", 0, "mixture-of-experts models are not supported");
        keys.Require("attention.causal", true, "models that see what follows are not supported");
        keys.Require("use_parallel_residual", false, "parallel residuals are not supported");
        if (Heads % KeyValueHeads != 0 || HeadWidth % 2 != 0)
        {
            throw new ModelImportException($"{Heads} heads of {HeadWidth} with {KeyValueHeads} key/value heads is not a supported shape.");
        }

        var widest = (KernelWidth + 15) / 16 * 16; // what the trial of the kernels may make of it
        if ((long)(Heads + (2 * KeyValueHeads)) * widest * Width > int.MaxValue)
        {
            throw new ModelImportException($"{Heads} heads of {HeadWidth} over a width of {Width} are too large.");
        }

        if (Rotations.Sum(_ => (long)Context * KernelRotaryWidth) > MostRotaryNumbers)
        {
            throw new ModelImportException($"A context of {Context} tokens with heads of width {HeadWidth} is too large.");
        }

        if (NormEpsilon is < 0 or > 1)
        {
            throw new ModelImportException("The norm's epsilon is out of range.");
        }
    }
}
