namespace Tollgate.Inference.Import;

/// <summary>The numbers that describe a decoder of the Llama family.</summary>
internal sealed record LlamaShape
{
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

    public required int Vocabulary { get; init; }

    /// <summary>Prompt and output together, tokens.</summary>
    public required int Context { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeBase { get; init; }

    /// <summary>Positions are divided by it (linear scaling); 1 without scaling.</summary>
    public required double RopeScale { get; init; }

    /// <summary>
    /// Whether rotation pairs neighbours (2i, 2i + 1), as llama.cpp stores the "llama" architecture, or the halves (i, i + D/2).
    /// </summary>
    public required bool RopePairsNeighbours { get; init; }

    /// <summary>Reads and checks the shape.</summary>
    /// <exception cref="ModelImportException">The file is of another architecture, or uses
    /// a feature that the importer does not know.</exception>
    public static LlamaShape Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.Get<string>("general.architecture");
        if (architecture is not ("llama" or "qwen2"))
        {
            throw new ModelImportException($"The architecture '{architecture}' is not supported; 'llama' and 'qwen2' are.");
        }

        var width = metadata.Number($"{architecture}.embedding_length", 1, 65_536);
        var heads = metadata.Number($"{architecture}.attention.head_count", 1, 1024);
        var headWidth = metadata.Number($"{architecture}.attention.key_length", 2, 1024, otherwise: width / heads);
        var shape = new LlamaShape
        {
            Layers = metadata.Number($"{architecture}.block_count", 1, 512),
            Width = width,
            FeedForward = metadata.Number($"{architecture}.feed_forward_length", 1, 1 << 20),
            Heads = heads,
            KeyValueHeads = metadata.Number($"{architecture}.attention.head_count_kv", 1, 1024, otherwise: heads),
            HeadWidth = headWidth,
            Vocabulary = file.Tensor("token_embd.weight").Rows,
            Context = metadata.Number($"{architecture}.context_length", 2, 1 << 20),
            NormEpsilon = (float)metadata.Real($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5),
            RopeBase = metadata.Real($"{architecture}.rope.freq_base", 10_000),
            RopeScale = ReadRopeScale(metadata, architecture),
            RopePairsNeighbours = architecture == "llama",
        };
        shape.Check(metadata, architecture);
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

    private static double ReadRopeScale(GgufMetadata metadata, string architecture)
    {
        var scaling = metadata.Text($"{architecture}.rope.scaling.type") ?? "none";
        return scaling switch
        {
            "none" => 1,
            "linear" => metadata.Real($"{architecture}.rope.scaling.factor", 1),
            _ => throw new ModelImportException($"The rotary scaling '{scaling}' is not supported; 'linear' is."),
        };
    }

    private void Check(GgufMetadata metadata, string architecture)
    {
        if (metadata.Number($"{architecture}.rope.dimension_count", 1, 1 << 20, otherwise: HeadWidth) != HeadWidth)
        {
            throw new ModelImportException("Models that rotate only a part of each head are not supported.");
        }

        if (metadata.Number($"{architecture}.attention.value_length", 1, 1 << 20, otherwise: HeadWidth) != HeadWidth)
        {
            throw new ModelImportException("Models whose keys and values differ in width are not supported.");
        }

        if (metadata.Number($"{architecture}.expert_count", 0, 1 << 20, otherwise: 0) != 0)
        {
            throw new ModelImportException("Mixture-of-experts models are not supported.");
        }

        // A multiple of 8: the attention kernel reads and writes whole vectors of the cache.
        if (Heads % KeyValueHeads != 0 || HeadWidth % 8 != 0)
        {
            throw new ModelImportException($"{Heads} heads of {HeadWidth} with {KeyValueHeads} key/value heads is not a supported shape.");
        }

        if (RopeBase <= 0 || RopeScale <= 0 || NormEpsilon is < 0 or > 1)
        {
            throw new ModelImportException("The rotary base, its scaling factor or the norm's epsilon is out of range.");
        }
    }
}
