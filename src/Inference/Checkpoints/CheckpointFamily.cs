namespace Tollgate.Inference.Checkpoints;

/// <summary>A family of models: how its configuration and its tensors appear in GGUF.</summary>
/// <param name="Architecture">GGUF's name.</param>
/// <param name="Classes">Names in <c>architectures</c>.</param>
/// <param name="Type">Name in <c>model_type</c>.</param>
/// <param name="Tensors">All tensors of a model but the table of the output.</param>
/// <param name="Describe">Reads the configuration and writes the keys.</param>
internal sealed record CheckpointFamily(
    string Architecture,
    IReadOnlyList<string> Classes,
    string Type,
    IReadOnlyList<TensorRule> Tensors,
    Action<CheckpointConfig, GgufKeys> Describe)
{
    /// <summary>The table of the output, where it is not that of the input.</summary>
    public static TensorRule Output { get; } = new("lm_head.weight", "output.weight");

    /// <summary>Whether output and input share a table where the configuration does not say.</summary>
    public bool Ties { get; init; }

    /// <summary>Tensors that older programs stored though they follow from the configuration; <c>#</c> for the layer.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = ["model.layers.#.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq"];

    /// <summary>Beginning of names that some files have and some leave out.</summary>
    public string Prefix { get; init; } = "";
}
