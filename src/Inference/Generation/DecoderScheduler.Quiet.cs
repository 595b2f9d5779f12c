using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>Which turns are left to organizations with little work, and to live traffic.</summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Whose turn it is. One organization's many rows make every step slow, and so do those of batches: after a turn for all,
    /// those with few rows, and live traffic, read and generate for twice its time before the next. While live traffic waits for a slot,
    /// batches have no turn at all, unless nothing else is in the slots and only their end makes room.</summary>
    private SlotPart ChoosePart()
    {
        if (_owedToQuiet > TimeSpan.Zero && _slots.Taken > QuietOrganizations.MostAnswers
            && AnyQuiet())
        {
            return SlotPart.Quiet;
        }

        return MixesClasses() && !MayBatchesBegin() ? SlotPart.Standard : SlotPart.All;
    }

    private void NoteTurn(SlotPart part, TimeSpan took)
    {
        _owedToQuiet = part == SlotPart.Quiet ? _owedToQuiet - took : took * QuietOrganizations.Share;
        _owedToStandard = part == SlotPart.All ? took * QuietOrganizations.Share : _owedToStandard - took;
    }

    private bool AnyQuiet()
    {
        for (var row = 0; row < _slots.Rows.Length; row++)
        {
            if ((row < _slots.End(SlotPart.Quiet) || row >= _slots.Decoding) && _slots.Rows[row] is { } choice && IsQuiet(choice))
            {
                return true;
            }
        }

        return false;
    }

    private bool MixesClasses() => _slots.Any(choice => choice.Request.Identity.Party.IsBatch)
        && _slots.Any(choice => !choice.Request.Identity.Party.IsBatch);

    private bool MayBatchesBegin()
    {
        lock (_gate)
        {
            return _owedToStandard <= TimeSpan.Zero && !_line.StandardWaits;
        }
    }

    /// <summary>Whether this turn goes to the worker's other models, where a quiet organization waits while only loud ones do here, or
    /// live traffic while only batches do.</summary>
    private bool GivesWay()
    {
        if (_owedToQuiet <= TimeSpan.Zero || _slots.Taken == 0
            || _slots.Any(choice => !_scope.Quiet.MustGiveWay(choice.Request.Identity.Party)))
        {
            return false;
        }

        lock (_gate)
        {
            if (!_line.Requests.All(request => _scope.Quiet.MustGiveWay(request.Identity.Party)))
            {
                return false; // A quiet one waits here for a slot: it comes free by working.
            }
        }

        var started = Clock.GetTimestamp();
        _wake.WaitOne(QuietOrganizations.Step);
        _owedToQuiet -= Clock.GetElapsedTime(started);
        return true;
    }

    private bool IsQuiet(Choice choice) => PartOf(choice.Request.Identity.Party) == SlotPart.Quiet;

    /// <summary>The part of the rows that a party's choices belong to.</summary>
    /// <param name="coming">Rows that it is about to hold as well.</param>
    private SlotPart PartOf(Party party, int coming = 0) =>
        party.IsBatch ? SlotPart.All : Held(party) + coming <= QuietOrganizations.MostAnswers ? SlotPart.Quiet : SlotPart.Standard;

    private int Held(Party party)
    {
        var held = 0;
        foreach (var choice in _slots.Rows)
        {
            held += choice is not null && choice.Request.Identity.Party == party ? 1 : 0;
        }

        return held;
    }
}
