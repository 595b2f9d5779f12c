namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>One thing to embed: a text, or ids of the model's own vocabulary.</summary>
public sealed record EmbeddingInput
{
    private EmbeddingInput()
    {
    }

    public string? Text { get; private init; }

    public IReadOnlyList<int>? Ids { get; private init; }

    public static EmbeddingInput FromText(string text) => new() { Text = text };

    /// <param name="ids">Without the tokens that frame a text; the model adds those.</param>
    public static EmbeddingInput FromIds(IReadOnlyList<int> ids) => new() { Ids = ids };
}

/// <summary>Vectors in the order of the inputs.</summary>
/// <param name="Tokens">Ids fed to the model for each input, those that frame a text included.</param>
public sealed record EmbeddingResult(IReadOnlyList<float[]> Vectors, IReadOnlyList<int> Tokens)
{
    public int TotalTokens => Tokens.Sum();
}

/// <summary>An input cannot be embedded. The message is fit for the caller.</summary>
public sealed class EmbeddingInputException(int index, string message) : Exception(message)
{
    /// <summary>Which input, from 0.</summary>
    public int Index { get; } = index;
}
