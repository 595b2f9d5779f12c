using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>Which turns are left to organizations with little work.</summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Whether this turn is for the quiet organizations alone. One organization's many rows make every step slow, so that after a
    /// turn for all those with few rows read and generate for twice its time before the next.</summary>
    private bool IsLightTurn() => _owedToQuiet > TimeSpan.Zero && _slots.Taken > QuietOrganizations.MostAnswers
        && (_slots.All.Take(_slots.Light).Any(IsQuiet) || _slots.Prefilling.Any(IsQuiet));

    /// <summary>Whether this turn goes to the worker's other models, where a quiet organization waits while only loud ones do
    /// here.</summary>
    private bool GivesWay()
    {
        if (_owedToQuiet <= TimeSpan.Zero || _slots.Taken == 0
            || !_slots.All.All(choice => _scope.Quiet.MustGiveWay(choice.Request.Identity.Organization)))
        {
            return false;
        }

        lock (_gate)
        {
            if (!_line.Requests.All(request => _scope.Quiet.MustGiveWay(request.Identity.Organization)))
            {
                return false; // A quiet one waits here for a slot: it comes free by working.
            }
        }

        var started = Clock.GetTimestamp();
        _wake.WaitOne(QuietOrganizations.Step);
        _owedToQuiet -= Clock.GetElapsedTime(started);
        return true;
    }

    private bool IsQuiet(Choice choice) => IsQuiet(choice.Request.Identity.Organization);

    /// <summary>Whether an organization holds few rows.</summary>
    /// <param name="coming">Rows that it is about to hold as well.</param>
    private bool IsQuiet(Guid organization, int coming = 0) => Held(organization) + coming <= QuietOrganizations.MostAnswers;

    private int Held(Guid organization) => _slots.All.Count(choice => choice.Request.Identity.Organization == organization);
}
