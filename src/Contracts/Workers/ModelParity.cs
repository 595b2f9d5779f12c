namespace Tollgate.Contracts.Workers;

/// <summary>How far a converted decoder is from its source, measured at import over a text and part of its manifest.</summary>
public sealed record ModelParity
{
    /// <summary>Tokens of the text.</summary>
    public required int Tokens { get; init; }

    /// <summary>Of the text, by the model.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Of the text, by the source's own weights.</summary>
    public required double SourcePerplexity { get; init; }

    /// <summary>Kullback-Leibler divergence of the model's next tokens from the source's, mean over the text, nats; 0 is the
    /// same.</summary>
    public required double Divergence { get; init; }

    /// <summary>Places of the text at which both find the same token likeliest.</summary>
    public required int Agreed { get; init; }

    /// <summary>The first place at which they do not; null for none.</summary>
    public int? FirstDisagreement { get; init; }

    /// <summary>Widest difference of the source's logits between its likeliest token and the model's; 0 where they agree.</summary>
    public required double WidestMargin { get; init; }

    /// <summary>Whether the model repeats itself where the source would go on otherwise.</summary>
    public required bool Repeats { get; init; }
}
