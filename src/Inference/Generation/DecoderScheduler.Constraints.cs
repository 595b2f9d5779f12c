using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Choices with a constraint. One whose constraint is not ready keeps the logits that it will choose from. Its row runs along in the steps
/// of the others, at the place behind its last token, which its next token overwrites.
/// </summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Work of a constraint on the scheduler's thread below this part of a token's time is not charged.</summary>
    private const double FreeWork = 0.1;

    /// <summary>Longest wait for constraints when no other choice can go on; a constraint that gets ready ends it.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>Mean time of one row in a decode step; zero before the first step.</summary>
    private TimeSpan _rowTime;
    private bool _wakeGone;

    /// <summary>Makes the constraints of a request that no scheduler holds yet, or returns the error. Any thread.</summary>
    private OpenAiError? MakeConstraints(GenerationRequest request)
    {
        try
        {
            if (request.Plan.Constraint is { } make)
            {
                request.Choices.ForEach(choice => choice.Constraint = make(Wake));
            }

            return null;
        }
#pragma warning disable CA1031 // A constraint that cannot be made is its own request's failure.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.RowFailed(_scope.Logger, exception, _scope.Model, request.Identity.Id);
            return OpenAiError.ServerError();
        }
    }

    /// <summary>Called by constraints, on any thread and at any time.</summary>
    private void Wake()
    {
        lock (_gate)
        {
            if (!_wakeGone)
            {
                _wake.Set();
            }
        }
    }

    /// <summary>Keeps the logits of a choice whose constraint is not ready.</summary>
    private static bool MustWait(Choice choice, Span<float> logits)
    {
        if (choice.Constraint is { IsReady: false })
        {
            choice.Held ??= logits.ToArray();
            return true;
        }

        choice.Held = null;
        return false;
    }

    /// <summary>Lets choices go on whose constraints have got ready.</summary>
    private void ResumeReady()
    {
        if (!_slots.Any(IsHeld))
        {
            return;
        }

        foreach (var choice in _slots.All.Where(IsHeld).ToList())
        {
            Advance(choice, choice.Held);
            LeaveIfEnded(choice);
        }
    }

    private static bool IsHeld(Choice choice) => choice.Held is not null;

    /// <summary>The part whose turn it is, or all of them where every choice of that part waits for its constraint. Null when all
    /// do.</summary>
    private SlotPart? FindWorkingPart()
    {
        var part = ChoosePart();
        return !_slots.Any(IsHeld) || CanWork(part) ? part : CanWork(SlotPart.All) ? SlotPart.All : null;
    }

    private bool CanWork(SlotPart part) => AnyGoesOn(_slots.End(part)) || FindReadable(part).Count > 0;

    /// <summary>Whether one of the first rows does not wait for its constraint.</summary>
    private bool AnyGoesOn(int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            if (_slots[row].Held is null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Applies the constraint; returns the time that it took.</summary>
    private TimeSpan Restrict(Choice choice, Span<float> logits)
    {
        if (choice.Constraint is not { } constraint)
        {
            return default;
        }

        var started = Clock.GetTimestamp();
        constraint.Restrict(logits);
        return Clock.GetElapsedTime(started);
    }

    /// <summary>Tells the constraint the chosen token; returns the time that it took.</summary>
    private TimeSpan Accept(Choice choice, int token)
    {
        if (choice.Constraint is not { } constraint)
        {
            return default;
        }

        var started = Clock.GetTimestamp();
        constraint.Accept(token, choice.Reservation - choice.Prompt.Tokens.Length - choice.Generated);
        return Clock.GetElapsedTime(started);
    }

    /// <summary>Charges the time of a constraint on this thread to the party, in tokens that could have been generated meanwhile.</summary>
    private void ChargeConstraint(Choice choice, TimeSpan spent)
    {
        if (choice.Constraint is null)
        {
            return;
        }

        _scope.Metrics.Constrained(_scope.Model, spent);
        if (_rowTime == default || spent < _rowTime * FreeWork)
        {
            return;
        }

        lock (_gate)
        {
            _line.Shares.Charge(choice.Request.Identity.Party, spent / _rowTime * FairShare.OutputWeight);
        }
    }

    private void NoteRowTime(TimeSpan step, int rows)
    {
        var time = step / rows;
        _rowTime = _rowTime == default ? time : _rowTime + ((time - _rowTime) * 0.2);
    }
}
