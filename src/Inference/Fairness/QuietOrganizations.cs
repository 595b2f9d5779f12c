using System.Runtime.InteropServices;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// Who has work at this worker, over all its models: they share its processors, so that one organization's many requests to one model slow
/// down another's single request to a different one. While an organization with little work waits for an answer, those with much give way.
/// Thread-safe.
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
    private readonly Dictionary<Guid, int> _answers = [];
    private int _quiet;

    /// <summary>An organization asks for answers.</summary>
    public void Enter(Guid organization, int answers) => Change(organization, answers);

    /// <summary>The answers are computed, or will not be.</summary>
    public void Leave(Guid organization, int answers) => Change(organization, -answers);

    /// <summary>Whether an organization has much work while another one with little waits.</summary>
    public bool MustGiveWay(Guid organization)
    {
        lock (_gate)
        {
            return _quiet > 0 && _answers.GetValueOrDefault(organization) > MostAnswers;
        }
    }

    private void Change(Guid organization, int by)
    {
        lock (_gate)
        {
            ref var answers = ref CollectionsMarshal.GetValueRefOrAddDefault(_answers, organization, out _);
            _quiet -= IsQuiet(answers) ? 1 : 0;
            answers += by;
            _quiet += IsQuiet(answers) ? 1 : 0;
            if (answers == 0)
            {
                _answers.Remove(organization);
            }
        }
    }

    private static bool IsQuiet(int answers) => answers is > 0 and <= MostAnswers;
}
