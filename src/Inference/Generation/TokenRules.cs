using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Generation;

/// <summary>
/// What the extensions of one request do to the logits of one choice: the repetition penalty, and tokens that cannot be chosen at a
/// position. One thread at a time.
/// </summary>
internal sealed class TokenRules
{
    private readonly Sampling _sampling;
    private readonly ChoicePlan _plan;
    private readonly int[] _prompt;
    private readonly List<int> _answer = [];
    private readonly float[] _allowed;
    private HashSet<int>? _repeated;

    private TokenRules(ChoicePlan plan, int[] prompt)
    {
        (_sampling, _plan, _prompt) = (plan.Sampling, plan, prompt);
        _allowed = new float[plan.Sampling.AllowedTokenIds?.Count ?? 0];
    }

    /// <summary>The rules of a choice; null for a plan without any.</summary>
    public static TokenRules? Create(ChoicePlan plan, int[] prompt) =>
        IsEmpty(plan) && plan.Sampling.RepetitionPenalty == 1 ? null : new TokenRules(plan, prompt);

    /// <summary>Whether a plan leaves every token possible.</summary>
    public static bool IsEmpty(ChoicePlan plan) =>
        plan.Sampling is { MinTokens: 0, AllowedTokenIds: null } && plan.BadWords.Count == 0;

    /// <summary>Makes tokens of prompt and answer less likely, each once however often it occurred.</summary>
    public void Penalize(Span<float> logits)
    {
        var penalty = _sampling.RepetitionPenalty;
        if (penalty == 1)
        {
            return;
        }

        foreach (var token in _repeated ??= [.. _prompt])
        {
            if (token < logits.Length)
            {
                logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
            }
        }
    }

    /// <summary>Makes tokens impossible: those not allowed, ends before <c>min_tokens</c>, and the last token of a bad word whose other
    /// tokens end the answer so far.</summary>
    public void Exclude(Span<float> logits, int position)
    {
        KeepAllowed(logits);
        if (position < _sampling.MinTokens)
        {
            foreach (var token in _plan.EndTokens)
            {
                logits[token] = float.NegativeInfinity;
            }
        }

        foreach (var word in _plan.BadWords)
        {
            var before = word.AsSpan(0, word.Length - 1);
            if (System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_answer).EndsWith(before))
            {
                logits[word[^1]] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Takes the chosen token.</summary>
    public void Note(int token)
    {
        _repeated?.Add(token);
        if (_plan.BadWords.Count > 0)
        {
            _answer.Add(token);
        }
    }

    private void KeepAllowed(Span<float> logits)
    {
        if (_sampling.AllowedTokenIds is not { } allowed)
        {
            return;
        }

        for (var i = 0; i < allowed.Count; i++)
        {
            _allowed[i] = logits[allowed[i]];
        }

        logits.Fill(float.NegativeInfinity);
        for (var i = 0; i < allowed.Count; i++)
        {
            logits[allowed[i]] = _allowed[i];
        }
    }
}
