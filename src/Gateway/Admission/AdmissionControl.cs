using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>
/// What one admission decided. Exactly one of <see cref="Ticket"/> and <see cref="Refusal"/> is set for an inference request; for a check
/// without demand the ticket stays null and only a refusal counts.
/// </summary>
internal sealed record AdmissionResult(RequestTicket? Ticket, OpenAiError? Refusal, RateLimitState Limits);

/// <summary>The one door: every authenticated request passes it once, whatever its route and outcome.</summary>
internal abstract class AdmissionControl
{
    /// <summary>Journals OPEN, takes limits, budgets and money in one script, journals ADMITTED.</summary>
    public abstract Task<AdmissionResult> AdmitAsync(Caller caller, Guid requestId, Demand demand, CancellationToken cancellationToken);

    /// <summary>For a GET (<paramref name="countRequest"/> false) and for a request already known to be refused with 4xx (true: it counts against the
    /// request buckets, as OpenAI's do): checks the versions of key and policy and feeds the headers.</summary>
    public abstract Task<AdmissionResult> CheckAsync(Caller caller, Guid requestId, bool countRequest, CancellationToken cancellationToken);
}
