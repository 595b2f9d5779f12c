using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>The numbers that describe a decoder of the Llama family.</summary>
internal sealed record LlamaShape
{
    /// <summary>Most numbers in the tables of the rotation, which hold every position.</summary>
    private const long MostRotaryNumbers = 1 << 27;

    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Width inside the feed-forward part.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; each serves <c>Heads / KeyValueHeads</c> query heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head; all of it rotates.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Width that a head has in the attention kernel and in the cache: <see cref="HeadWidth"/>, or more, filled with
    /// zeros.</summary>
    public int KernelWidth
    {
        get => field == 0 ? HeadWidth : field;
        init;
    }

    public required int Vocabulary { get; init; }

    /// <summary>Prompt and output together, tokens.</summary>
    public required int Context { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeBase { get; init; }

    /// <summary>Positions are divided by it (linear scaling); 1 without scaling.</summary>
    public required double RopeScale { get; init; }

    /// <summary>Tokens that a position attends to, itself among them; null: all before it.</summary>
    public int? Window { get; init; }

    /// <summary>Factor of the attention scores before softmax.</summary>
    public required float AttentionScale { get; init; }

    /// <summary>Attention scores are bent to ± this by a hyperbolic tangent; 0: they are not.</summary>
    public float AttentionSoftcap { get; init; }

    /// <summary>The same for the logits.</summary>
    public float LogitSoftcap { get; init; }

    /// <summary>
    /// Whether rotation pairs neighbours (2i, 2i + 1), as llama.cpp stores the "llama" architecture, or the halves (i, i + D/2).
    /// </summary>
    public required bool RopePairsNeighbours { get; init; }

    /// <summary>Reads and checks the shape.</summary>
    /// <exception cref="ModelImportException">The file is of another architecture, or uses
    /// a feature that the importer does not know.</exception>
    public static LlamaShape Read(GgufFile file)
    {
        var architecture = file.Metadata.Get<string>("general.architecture");
        GgufTask.Check(file.Metadata, architecture);
        var keys = new ArchitectureKeys(file.Metadata, architecture);
        var width = keys.Number("embedding_length", 1, 65_536);
        var heads = keys.Number("attention.head_count", 1, 1024);
        var context = keys.Number("context_length", 2, 1 << 20);
        var headWidth = keys.Number("attention.key_length", 2, 1024, otherwise: width / heads);
        var window = keys.Number("attention.sliding_window", 0, int.MaxValue, otherwise: 0);
        var shape = new LlamaShape
        {
            Layers = keys.Number("block_count", 1, 512),
            Width = width,
            FeedForward = keys.Number("feed_forward_length", 1, 1 << 20),
            Heads = heads,
            KeyValueHeads = keys.Number("attention.head_count_kv", 1, 1024, otherwise: heads),
            HeadWidth = headWidth,
            Vocabulary = file.Tensor("token_embd.weight").Rows,
            Context = context,
            NormEpsilon = (float)keys.Real("attention.layer_norm_rms_epsilon", 1e-5),
            RopeBase = keys.Real("rope.freq_base", 10_000),
            RopeScale = ReadRopeScale(keys),
            Window = window > 0 && window < context ? window : null,
            AttentionScale = (float)keys.Positive("attention.scale", otherwise: 1 / Math.Sqrt(headWidth)),
            AttentionSoftcap = (float)keys.Positive("attn_logit_softcapping", otherwise: 0),
            LogitSoftcap = (float)keys.Positive("final_logit_softcapping", otherwise: 0),
            RopePairsNeighbours = architecture == "llama",
        };
        shape.Check(keys);
        keys.RefuseOthers();
        return shape;
    }

    /// <summary>Angle per position of each rotating pair, <c>HeadWidth / 2</c> numbers.</summary>
    /// <param name="factors">The file's own divisors of the frequencies (<c>rope_freqs.weight</c>), or null.</param>
    public double[] RopeFrequencies(float[]? factors)
    {
        var frequencies = new double[HeadWidth / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(RopeBase, -2.0 * i / HeadWidth) / RopeScale / (factors is null ? 1 : factors[i]);
        }

        return frequencies;
    }

    /// <summary>A factor without a type means linear scaling, as it does to the programs that write such files.</summary>
    private static double ReadRopeScale(ArchitectureKeys keys)
    {
        var factor = keys.Real("rope.scaling.factor", keys.Real("rope.scale_linear", 1));
        return keys.Text("rope.scaling.type") switch
        {
            "none" => 1,
            null or "linear" => factor == 0 ? 1 : factor,
            var scaling => throw new ModelImportException($"The rotary scaling '{scaling}' is not supported; 'linear' is."),
        };
    }

    private void Check(ArchitectureKeys keys)
    {
        keys.Require("rope.dimension_count", HeadWidth, "models that rotate only a part of each head are not supported");
        keys.Require("attention.value_length", HeadWidth, "models whose keys and values differ in width are not supported");
        keys.Require("vocab_size", Vocabulary, "it is not the number of rows of the token table");
        keys.Require("expert_count", 0, "mixture-of-experts models are not supported");
        keys.Require("expert_used_count", 0, "mixture-of-experts models are not supported");
        keys.Require("attention.causal", true, "models that see what follows are not supported");
        keys.Require("use_parallel_residual", false, "parallel residuals are not supported");
        keys.Ignore("rope.scaling.original_context_length"); // these two describe how the model was trained
        keys.Ignore("rope.scaling.finetuned");
        if (Heads % KeyValueHeads != 0 || HeadWidth % 2 != 0)
        {
            throw new ModelImportException($"{Heads} heads of {HeadWidth} with {KeyValueHeads} key/value heads is not a supported shape.");
        }

        var widest = (HeadWidth + 15) / 16 * 16; // what the trial of the kernels may make of it
        if ((long)(Heads + (2 * KeyValueHeads)) * widest * Width > int.MaxValue)
        {
            throw new ModelImportException($"{Heads} heads of {HeadWidth} over a width of {Width} are too large.");
        }

        if ((long)Context * widest > MostRotaryNumbers)
        {
            throw new ModelImportException($"A context of {Context} tokens with heads of width {HeadWidth} is too large.");
        }

        if (RopeBase <= 0 || RopeScale <= 0 || NormEpsilon is < 0 or > 1)
        {
            throw new ModelImportException("The rotary base, its scaling factor or the norm's epsilon is out of range.");
        }
    }
}
