using Tollgate.Inference.Decoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Steps with guessed tokens. A row whose text repeats itself is fed the tokens that it is guessed to choose next; each token is then
/// chosen by the same sampler from the same logits as without a guess, and the first one that was not guessed ends what of the step is
/// used. So guesses change when an answer comes, and nothing of what it is.
/// </summary>
internal sealed partial class DecoderScheduler
{
    private readonly VerificationPace _verification;
    private readonly int[] _counts;
    private readonly int[] _firsts;

    /// <summary>Writes the tokens that a step feeds to a row; returns how many they are.</summary>
    /// <param name="first">Tokens that the rows before it are fed.</param>
    /// <param name="rows">Rows of the step.</param>
    private int Feed(Choice choice, int first, int rows)
    {
        var guessed = first - choice.Row;
        var guess = Guess(choice, rows, Math.Min(
            _engine.MostVerified - rows, _verification.MostWithin(rows, _scope.Options.StallTarget)) - guessed);
        (_past[choice.Row], _firsts[choice.Row], _counts[choice.Row]) = (choice.Cached, first, 1 + guess.Length);
        _tokens[first] = choice.LastToken;
        guess.CopyTo(_tokens.AsSpan(first + 1));
        return 1 + guess.Length;
    }

    /// <summary>The tokens that are guessed to follow a choice's newest one; none where that would not pay.</summary>
    /// <param name="most">Guessed tokens that the step still takes.</param>
    private ReadOnlySpan<int> Guess(Choice choice, int rows, int most)
    {
        if (choice.Guess is not { Rest.Length: > 0 } guess || choice.Held is not null || most <= 0
            || _slots.Prefilling > 0 || !_verification.Pays(rows, guess.Rate)) // A longer step would hold up who waits to be read.
        {
            return [];
        }

        var left = choice.Reservation - choice.Prompt.Tokens.Length - choice.Generated;
        return guess.Rest[..Math.Min(guess.Rest.Length, Math.Min(most, left - 1))];
    }

    private void Compute(int rows, int fed)
    {
        if (fed == rows)
        {
            _engine.Decode(_tokens.AsSpan(0, rows), _past.AsSpan(0, rows));
        }
        else
        {
            _engine.Verify(_tokens.AsSpan(0, fed), _counts.AsSpan(0, rows), _past.AsSpan(0, rows));
        }
    }

    /// <summary>Lets a choice go on through the logits of its tokens, as long as the next of them is the one that it chose.</summary>
    /// <returns>Tokens that it went on through.</returns>
    private int GoOn(Choice choice)
    {
        var (first, count, used) = (_firsts[choice.Row], _counts[choice.Row], 0);
        do
        {
            choice.Cached++;
            Advance(choice, _engine.Logits(first + used));
            used++;
        }
        while (used < count && MayGoOn(choice) && choice.LastToken == _tokens[first + used]);
        NoteGuess(choice, count - 1, used - 1);
        return used;
    }

    private static bool MayGoOn(Choice choice) =>
        choice.Finish is null && choice.Held is null && choice.Request.Failure is null && !choice.Request.Cancelled;

    /// <summary>What was computed for nothing is charged like tokens of a prompt: it is no part of the answer, and is not billed.</summary>
    private void NoteGuess(Choice choice, int guessed, int used)
    {
        if (guessed == 0)
        {
            return;
        }

        _scope.Metrics.Guessed(_scope.Model, guessed, used);
        if (used < guessed && choice.Held is not null)
        {
            choice.Guess?.Stop(); // Its constraint gets ready too late for what a step computes beyond one token.
        }

        lock (_gate)
        {
            _line.Shares.Charge(choice.Request.Identity.Party, (guessed - used) * FairShare.PromptWeight);
        }
    }

    private void NotePace(int rows, int fed, TimeSpan elapsed)
    {
        if (fed == rows)
        {
            _verification.Stepped(rows, elapsed);
        }
        else
        {
            _verification.Verified(rows, fed - rows, elapsed);
        }
    }

    /// <summary>Notes a chosen token for guesses of those after it.</summary>
    private void NoteForGuess(Choice choice, int token)
    {
        if (_engine.MostVerified > 0 && _scope.Options.Speculation)
        {
            choice.Guess ??= new TokenGuess(choice.Prompt.Tokens, AttentionRounds.Count - 1);
            choice.Guess.Note(token);
        }
    }
}
