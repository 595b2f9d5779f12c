namespace Tollgate.Inference.Generation;

/// <summary>A prompt that its choices share: it is read once and copied to the other choices' rows.</summary>
/// <param name="scores">Null for a prompt whose own log-probabilities nobody asks for.</param>
internal sealed class Prompt(int[] tokens, PromptScores? scores = null)
{
    public int[] Tokens { get; } = tokens;

    /// <summary>Null for a prompt that is not scored.</summary>
    public PromptScores? Scores { get; } = scores;

    /// <summary>Logits after the prompt, kept while choices wait that will start from them.</summary>
    public float[]? Logits { get; set; }

    /// <summary>A choice reads it now; the others wait for that.</summary>
    public bool Computing { get; set; }

    /// <summary>It was read in full at least once.</summary>
    public bool Computed { get; set; }

    /// <summary>Choices in decode rows, each of which starts with this prompt's keys and values.</summary>
    public List<Choice> Living { get; } = [];
}
