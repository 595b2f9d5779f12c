namespace Tollgate.Inference.TensorFlowJs;

/// <summary>
/// What an output of a node became. A value of four dimensions can lie in the graph with its channels last, as TensorFlow has it, with its
/// channels first, as ONNX's convolutions read it, or both: <see cref="LayoutGraph"/> makes the one that is missing.
/// </summary>
/// <param name="rank">Dimensions; null where they are not known.</param>
internal sealed class GraphValue(TensorKind kind, int? rank)
{
    public TensorKind Kind => kind;

    public int? Rank => rank;

    /// <summary>Elements of a value of one dimension, where they are known.</summary>
    public int? Length { get; init; }

    /// <summary>The numbers of a constant; null for what the graph computes.</summary>
    public GraphTensor? Constant { get; init; }

    /// <summary>Its name with dimensions as in TensorFlow; null while nothing needs it.</summary>
    public string? Plain { get; set; }

    /// <summary>Its name as <c>[batch, channels, height, width]</c>; null while nothing needs it.</summary>
    public string? ChannelsFirst { get; set; }

    /// <summary>Whether the graph computes it with its channels first.</summary>
    public bool IsChannelsFirst => ChannelsFirst is not null && Constant is null;
}
