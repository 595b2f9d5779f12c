namespace Tollgate.Inference.Decoders;

/// <summary>
/// What the decoders of one architecture have: its parts, and with them its tensors and keys. The shape, the weights, the graph and the
/// plain forward pass read this and know no architecture by name.
/// </summary>
/// <remarks>
/// What every family may have is not here: matrices of query, key and value packed into one tensor, biases of products, an output matrix
/// apart from the embedding, scaled rotations, rotation of a part of each head, windows, softcaps, another scale of attention.
/// </remarks>
internal sealed record DecoderFamily(string Architecture)
{
    /// <summary>Every family that is taken.</summary>
    public static IReadOnlyList<DecoderFamily> All { get; } =
    [
        new("llama") { Positions = PositionForm.RotatedNeighbours },
        new("mistral3") { Positions = PositionForm.RotatedNeighbours, GrowsQueries = true },
        new("smollm3") { Positions = PositionForm.RotatedNeighbours, UnrotatedEvery = 4 },
        new("qwen2"),
        new("qwen3") { HasHeadNorms = true },
        new("gemma") { FeedForward = FeedForwardForm.GatedGelu, ScalesEmbedding = true },
        new("gemma2")
        {
            FeedForward = FeedForwardForm.GatedGelu,
            ScalesEmbedding = true,
            HasPostNorms = true,
            Local = new LocalLayers(Every: 2, Window: 4096, RopeBase: null),
            WidthScaledLayers = 46,
        },
        new("gemma3")
        {
            FeedForward = FeedForwardForm.GatedGelu,
            ScalesEmbedding = true,
            HasPostNorms = true,
            HasHeadNorms = true,
            Local = new LocalLayers(Every: 6, Window: 0, RopeBase: 10_000),
            WidthScaledLayers = 62,
        },
        new("phi3") { PacksGate = true },
        new("gpt2")
        {
            Norm = NormForm.Centred,
            Positions = PositionForm.Learned,
            FeedForward = FeedForwardForm.Gelu,
            RequiresBiases = true,
        },
    ];

    public NormForm Norm { get; init; }

    public PositionForm Positions { get; init; }

    public FeedForwardForm FeedForward { get; init; }

    /// <summary>Whether one tensor, <c>ffn_up</c>, holds the rows of the gate and then those of the product with it.</summary>
    public bool PacksGate { get; init; }

    /// <summary>Whether each head's query and key are normalised before they are rotated.</summary>
    public bool HasHeadNorms { get; init; }

    /// <summary>Whether what attention and the feed-forward part give is normalised before it is added to the stream.</summary>
    public bool HasPostNorms { get; init; }

    /// <summary>Whether the embedding is multiplied by the square root of the width.</summary>
    public bool ScalesEmbedding { get; init; }

    /// <summary>Whether the products of queries, keys, values, outputs and the feed-forward part must have a bias.</summary>
    public bool RequiresBiases { get; init; }

    /// <summary>Whether queries may be multiplied by a factor that grows with their position.</summary>
    public bool GrowsQueries { get; init; }

    /// <summary>The last of every so many layers does not rotate; 0: all do.</summary>
    public int UnrotatedEvery { get; init; }

    /// <summary>Layers that see a window only; null: a window that the file names is that of all layers.</summary>
    public LocalLayers? Local { get; init; }

    /// <summary>
    /// Models of this many layers divide attention scores by the root of width / heads, the others by that of a head's width. No key says
    /// it: it is a trait of the family's largest model.
    /// </summary>
    public int? WidthScaledLayers { get; init; }

    public bool IsGated => FeedForward != FeedForwardForm.Gelu;
}

/// <summary>Layers that attend to a window, between layers that attend to everything.</summary>
/// <param name="Every">The last of every so many layers attends to everything. The key <c>attention.sliding_window_pattern</c> may say
/// otherwise.</param>
/// <param name="Window">Tokens of the window where the file names none; 0: no layer has a window then.</param>
/// <param name="RopeBase">Base of the local layers' rotation, without scaling; null: they rotate as the others do. The key
/// <c>rope.freq_base_swa</c> may say otherwise.</param>
internal sealed record LocalLayers(int Every, int Window, double? RopeBase);

/// <summary>How the stream is normalised.</summary>
internal enum NormForm
{
    /// <summary>Divided by the root of the mean square, times weights.</summary>
    RootMeanSquare,

    /// <summary>The mean taken off, divided by the deviation, times weights, plus biases.</summary>
    Centred,
}

/// <summary>How a decoder knows positions.</summary>
internal enum PositionForm
{
    /// <summary>Rotation pairs number i of a head with number i + half of what rotates.</summary>
    RotatedHalves,

    /// <summary>Rotation pairs numbers 2i and 2i + 1.</summary>
    RotatedNeighbours,

    /// <summary>A vector for each position is added to the embedding.</summary>
    Learned,
}

/// <summary>What stands between the products of the feed-forward part.</summary>
internal enum FeedForwardForm
{
    /// <summary>SiLU of one product times another.</summary>
    GatedSilu,

    /// <summary>GELU of one product times another, by the hyperbolic tangent.</summary>
    GatedGelu,

    /// <summary>GELU of one product, by the hyperbolic tangent.</summary>
    Gelu,
}
