using System.Runtime.ExceptionServices;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Generation;

/// <summary>A token that was chosen beside those of other choices, or why it was not.</summary>
internal readonly record struct ChosenAhead(SampledToken Token, ExceptionDispatchInfo? Failure);

/// <summary>One answer that is generated. Touched by the scheduler's thread alone once it is in a slot.</summary>
internal sealed class Choice(GenerationRequest request, Prompt prompt, int index, Sampler sampler, AnswerText text)
{
    private static readonly IReadOnlyList<TokenChoice> None = [];
    private List<TokenChoice>? _tokens;
    private int _taken;
    private bool _promptTaken;

    public GenerationRequest Request { get; } = request;

    public Prompt Prompt { get; } = prompt;

    public int Index { get; } = index;

    public Sampler Sampler { get; } = sampler;

    public AnswerText Text { get; } = text;

    /// <summary>Row of the engine; −1 outside.</summary>
    public int Row { get; set; } = -1;

    /// <summary>The first part of the rows that it belongs to, as of when it began to generate.</summary>
    public SlotPart Part { get; set; }

    /// <summary>Tokens whose keys and values its row holds.</summary>
    public int Cached { get; set; }

    /// <summary>Chosen last and not yet fed to the model.</summary>
    public int LastToken { get; set; }

    /// <summary>Writes its tokens; null before the first.</summary>
    public TokenWriter? Writer { get; set; }

    /// <summary>Tokens generated, the end token not counted.</summary>
    public int Generated { get; set; }

    /// <summary>Set once it has ended by itself.</summary>
    public FinishReason? Finish { get; set; }

    /// <summary>Turn in which its prompt was last read on; for round-robin.</summary>
    public long LastTurn { get; set; }

    /// <summary>When its prompt was read and it began to generate; a timestamp of the scheduler's clock.</summary>
    public long BegunAt { get; set; }

    /// <summary>Tokens of its prompt that are to be read.</summary>
    public int Unread => Prompt.Tokens.Length - Cached;

    /// <summary>Whether the next token depends on its logits and sampler alone, so that any thread can choose it.</summary>
    public bool ChoosesAlone => Constraint is null && !Scoring && Request.Plan.MaxOutput > 0;

    /// <summary>A token that was chosen ahead of its turn.</summary>
    public ChosenAhead? Ahead { get; set; }

    /// <summary>It feeds the tokens of its scored prompt one by one in a decode row.</summary>
    public bool Scoring { get; set; }

    /// <summary>What its tokens may be; null for any. Set before a scheduler holds it.</summary>
    public ITokenConstraint? Constraint { get; set; }

    /// <summary>Logits from which it will choose as soon as its constraint is ready; null when it does not wait for that.</summary>
    public float[]? Held { get; set; }

    /// <summary>Tokens that it takes at most.</summary>
    public int Reservation { get; set; }

    /// <summary>Sum of its tokens' log-probabilities, the end token's included.</summary>
    public double TotalLogprob { get; private set; }

    /// <summary>Tokens chosen, the end token included.</summary>
    public int Chosen { get; private set; }

    /// <summary>Notes a chosen token; <paramref name="visible"/> is false for the end token, whose text is not appended.</summary>
    public void Note(in SampledToken sampled, bool visible)
    {
        TotalLogprob += sampled.Logprob;
        Chosen++;
        if (visible && Request.Plan.Sampling.Logprobs is not null)
        {
            (_tokens ??= []).Add(new TokenChoice(sampled.Token, sampled.Logprob, sampled.Best ?? []));
        }
    }

    /// <summary>The tokens whose text has begun to go out since the last call. Those behind a stop text never come.</summary>
    public IReadOnlyList<TokenChoice> TakeTokens()
    {
        var count = Text.ShownTokens - _taken;
        _taken = Text.ShownTokens;
        if (_tokens is null || count == 0)
        {
            return None;
        }

        var tokens = _tokens.GetRange(0, count);
        _tokens.RemoveRange(0, count);
        return tokens;
    }

    /// <summary>The tokens of a scored prompt; empty after the first call.</summary>
    public IReadOnlyList<TokenChoice> TakePromptTokens()
    {
        var tokens = _promptTaken ? None : Prompt.Scores?.Tokens ?? None;
        _promptTaken = true;
        return tokens;
    }
}
