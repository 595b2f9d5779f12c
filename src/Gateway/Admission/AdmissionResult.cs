using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>What the admission of an inference request came to: one of the records in it.</summary>
internal abstract record AdmissionResult
{
    private AdmissionResult(RateLimitState limits) => Limits = limits;

    /// <summary>What the answer's headers show of the limits.</summary>
    public RateLimitState Limits { get; }

    /// <summary>The request may run. It holds money until its ticket is closed or disposed.</summary>
    internal sealed record Admitted(RequestTicket Ticket, RateLimitState Limits) : AdmissionResult(Limits);

    /// <summary>The request must not run. It holds nothing.</summary>
    /// <param name="AnsweredBy">The request with the same idempotency key that was answered already: its answer may be sent in place of the
    /// error. Null when there is none.</param>
    internal sealed record Refused(OpenAiError Error, RateLimitState Limits, Guid? AnsweredBy = null) : AdmissionResult(Limits);
}

/// <summary>What a check without demand found.</summary>
/// <param name="Caller">The caller by the newest record; null when that record refuses the key, or could not be read.</param>
/// <param name="Refusal">Null when the request may go on.</param>
/// <param name="Limits">What the answer's headers show of the limits.</param>
internal sealed record AdmissionCheck(Caller? Caller, OpenAiError? Refusal, RateLimitState Limits);
