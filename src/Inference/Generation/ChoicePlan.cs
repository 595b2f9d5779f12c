using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Generation;

/// <summary>What to generate for each prompt.</summary>
/// <param name="ChoicesPerPrompt">At least 1.</param>
/// <param name="MaxOutput">Most tokens of each choice.</param>
/// <param name="Seed">Seed of all choices; each draws its own numbers from it.</param>
/// <param name="Score">Whether the choices are ranked by log-probability afterwards.</param>
internal sealed record ChoicePlan(Sampling Sampling, int ChoicesPerPrompt, int MaxOutput, long Seed, bool Score = false)
{
    /// <summary>Tokens that end an answer as the model's own end tokens do.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>All tokens that end an answer, the model's own too: impossible before <c>min_tokens</c>.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>Runs of tokens that are never generated, none empty.</summary>
    public IReadOnlyList<int[]> BadWords { get; init; } = [];

    /// <summary>Whether the log-probabilities of the prompts' own tokens are wanted; then <c>logprobs</c> are.</summary>
    public bool ScoresPrompt { get; init; }

    /// <summary>Control tokens whose text is a part of the answer, with that text.</summary>
    public IReadOnlyDictionary<int, byte[]>? ReadTokens { get; init; }

    /// <summary>Makes the constraint of one choice; it gets the action that wakes the scheduler. Null for free text.</summary>
    public Func<Action, ITokenConstraint>? Constraint { get; init; }
}
