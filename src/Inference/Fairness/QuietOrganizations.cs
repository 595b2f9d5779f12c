using System.Runtime.InteropServices;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// Who has work at this worker, over all its models: they share its processors, so that one organization's many requests to one model slow
/// down another's single request to a different one. While an organization with little work waits for an answer, those with much give way.
/// Batches give way to all live traffic. Thread-safe.
/// </summary>
internal sealed class QuietOrganizations
{
    /// <summary>Most answers at once of an organization that is quiet.</summary>
    public const int MostAnswers = 4;

    /// <summary>Time for quiet organizations alone, as a multiple of what a loud one's turn before it took.</summary>
    public const int Share = 2;

    /// <summary>How often a turn that gives way asks whether it still must.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<Party, int> _answers = [];
    private int _quiet;
    private int _standard;

    /// <summary>An organization asks for answers.</summary>
    public void Enter(Party party, int answers) => Change(party, answers);

    /// <summary>The answers are computed, or will not be.</summary>
    public void Leave(Party party, int answers) => Change(party, -answers);

    /// <summary>Whether a party has much work while an organization with little waits, or is a batch while live traffic waits.</summary>
    public bool MustGiveWay(Party party)
    {
        lock (_gate)
        {
            return party.IsBatch ? _standard > 0 : _quiet > 0 && _answers.GetValueOrDefault(party) > MostAnswers;
        }
    }

    private void Change(Party party, int by)
    {
        lock (_gate)
        {
            ref var answers = ref CollectionsMarshal.GetValueRefOrAddDefault(_answers, party, out _);
            if (!party.IsBatch)
            {
                _standard += by;
                _quiet += (IsQuiet(answers + by) ? 1 : 0) - (IsQuiet(answers) ? 1 : 0);
            }

            answers += by;
            if (answers == 0)
            {
                _answers.Remove(party);
            }
        }
    }

    private static bool IsQuiet(int answers) => answers is > 0 and <= MostAnswers;
}
