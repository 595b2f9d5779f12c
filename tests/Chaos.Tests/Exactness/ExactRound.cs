using Tollgate.Chaos.Tests.Load;

namespace Tollgate.Chaos.Tests.Exactness;

/// <summary>What one round came to.</summary>
/// <param name="AtOnce">Admitted of the calls that came at once.</param>
/// <param name="InAll">Admitted until the money was said to be used up.</param>
internal sealed record ExactRound(Customer Customer, int AtOnce, int InAll, IReadOnlyList<CallRecord> Calls)
{
    public int Refused => Calls.Count(call => call.Status == 429);

    public int Unavailable => Calls.Count(call => call.Status == 503);

    /// <summary>Neither admitted nor refused in a documented way.</summary>
    public IReadOnlyList<CallRecord> Wrong => [.. Calls.Where(call => call.Status is not (200 or 429 or 503))];
}
