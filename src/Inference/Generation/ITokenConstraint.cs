namespace Tollgate.Inference.Generation;

/// <summary>What the tokens of one choice may be. Called by one thread at a time; the masks are computed on pool threads.</summary>
internal interface ITokenConstraint
{
    /// <summary>Whether the next token can be chosen now. If not, the choice waits for another turn; it wakes the scheduler.</summary>
    bool IsReady { get; }

    /// <summary>Makes every token that may not follow impossible (negative infinity), end tokens too where the text may not end.</summary>
    void Restrict(Span<float> logits);

    /// <summary>Takes the chosen token, which must be one that may follow, and begins to compute what may follow it.</summary>
    /// <param name="left">Tokens that may still be generated after it.</param>
    void Accept(int token, int left);

    /// <summary>Whether it decides now where the answer ends: an end token then ends it also with <c>ignore_eos</c>.</summary>
    bool DecidesEnd => true;

    /// <summary>Whether the text is whole and nothing may follow it: the answer ends without an end token.</summary>
    bool IsComplete { get; }
}
