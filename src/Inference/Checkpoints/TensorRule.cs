namespace Tollgate.Inference.Checkpoints;

/// <summary>How a tensor of a folder appears in GGUF.</summary>
/// <param name="Source">Its name, <c>#</c> in place of the layer's number.</param>
/// <param name="Target">Its name in GGUF, likewise.</param>
/// <param name="Switch">Member of the configuration without which the model has no such tensor; null: it always has.</param>
internal sealed record TensorRule(string Source, string Target, TensorChange Change = TensorChange.None, string? Switch = null);

/// <summary>What GGUF's convention does to the numbers of a tensor.</summary>
internal enum TensorChange
{
    None,

    /// <summary>Rows of query heads: the rotation pairs the halves of a head in the folder, neighbours in GGUF.</summary>
    PairQueries,

    /// <summary>The same for rows of key heads.</summary>
    PairKeys,

    /// <summary>Weights of a norm that the folder states as the difference to 1.</summary>
    AddOne,

    /// <summary>A matrix stored as rows of inputs.</summary>
    Transpose,
}
