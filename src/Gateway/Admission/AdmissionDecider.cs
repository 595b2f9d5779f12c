using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Telemetry;
using Tollgate.Gateway.Till;

namespace Tollgate.Gateway.Admission;

/// <summary>What the script decided of one admission or check.</summary>
/// <param name="Caller">By the newest record; null when that record refuses the key.</param>
/// <param name="Reply">Null when the caller was refreshed and refused, so the last reply is stale.</param>
/// <param name="Refusal">Null when the script admitted the call, or found nothing against it.</param>
internal sealed record AdmissionDecision(Caller? Caller, AdmissionCall Call, AdmissionReply? Reply, OpenAiError? Refusal)
{
    private static readonly string[] Verdicts = [.. Enum.GetNames<AdmissionVerdict>().Select(name => name.ToLowerInvariant())];

    /// <summary>The script's verdict as metrics name it; <c>refused</c> without one.</summary>
    public string Outcome => Reply is null ? "refused" : Verdicts[(int)Reply.Verdict];

    /// <summary>The limits as the script left them; none without its reply.</summary>
    public RateLimitState Limits => Reply is null ? RateLimitState.None : RateLimitState.Of(Call.Limits.Buckets, Reply.Used);

    public AdmissionResult.Refused Refused(OpenAiError error) =>
        new(error, Limits, Reply?.Verdict == AdmissionVerdict.Done ? Reply.ClaimedBy : null);
}

/// <summary>Asks the script until it decides: records that it found old are renewed, a till that it found low is refilled.
/// Thread-safe.</summary>
internal sealed class AdmissionDecider(
    AdmissionLines lines, Authenticator authenticator, LeaseKeeper leases, ClockGuard clocks, GatewayMetrics metrics,
    TimeProvider clock)
{
    private const int MostRefreshes = 2;

    /// <summary>Decides, and counts the use of the key where its newest record lets it in.</summary>
    /// <param name="ask">Makes the call for a caller, who may be renewed between two tries.</param>
    /// <param name="access">What the key was found to allow, checked again against a newer record; null when it allowed nothing.</param>
    public async Task<AdmissionDecision> DecideAsync(
        Caller caller, Func<Caller, AdmissionCall> ask, Access? access, CancellationToken cancellationToken)
    {
        using var span = GatewaySpans.StartAdmission();
        var started = clock.GetTimestamp();
        var (refreshes, exhausted) = (0, false);
        AdmissionDecision? decided = null;
        metrics.AdmissionStarted();
        try
        {
            while (true)
            {
                var call = ask(caller);
                var reply = await lines.RunAsync(call);
                if (!clocks.Agrees(reply.Time))
                {
                    return decided = Decide(caller, call, reply, OpenAiError.Overloaded(AdmissionErrors.Soon));
                }

                switch (reply.Verdict)
                {
                    case AdmissionVerdict.Admitted or AdmissionVerdict.Checked:
                        return decided = Decide(caller, call, reply, null);
                    case AdmissionVerdict.Missing or AdmissionVerdict.Stale when refreshes < MostRefreshes:
                        var askAccounts = reply.Verdict == AdmissionVerdict.Missing || refreshes > 0;
                        refreshes++;
                        var renewed = await authenticator.RefreshAsync(caller, askAccounts, cancellationToken);
                        if (!renewed.TryGet(out var known, out var refusal)
                            || (refusal = Forbidden(known, access)) is not null)
                        {
                            return decided = Decide(known, call, null, refusal);
                        }

                        caller = known;
                        break;
                    case AdmissionVerdict.Cold or AdmissionVerdict.Till:
                        var refill = exhausted
                            ? new Refill(RefillOutcome.Exhausted)
                            : await leases.RefillAsync(
                                caller.OrganizationId, call.MoneyNanoUsd, leases.LeaseWait - clock.GetElapsedTime(started),
                                cancellationToken);
                        if (refill.Outcome == RefillOutcome.Unavailable || exhausted)
                        {
                            return decided = Decide(
                                caller, call, reply,
                                exhausted ? OpenAiError.CreditBalanceExhausted()
                                    : OpenAiError.LedgerFrozen(refill.RetryAfter ?? AdmissionErrors.Soon));
                        }

                        // Money that came in, or returned meanwhile, may be enough: ask once more.
                        exhausted = refill.Outcome == RefillOutcome.Exhausted;
                        break;
                    default:
                        return decided = Decide(caller, call, reply, AdmissionErrors.Of(reply, call, access?.Model));
                }
            }
        }
        finally
        {
            var outcome = decided?.Outcome ?? "failed";
            metrics.AdmissionEnded(outcome, clock.GetElapsedTime(started));
            span?.SetTag("outcome", outcome);
        }
    }

    private AdmissionDecision Decide(Caller? caller, AdmissionCall call, AdmissionReply? reply, OpenAiError? refusal)
    {
        authenticator.CountUse(caller);
        return new AdmissionDecision(caller, call, reply, refusal);
    }

    /// <summary>Checks the newer record for what the endpoint demanded of the old one.</summary>
    private static OpenAiError? Forbidden(Caller caller, Access? access)
    {
        if (access is not { } wanted)
        {
            return null;
        }

        if (!caller.MayUse(wanted.Endpoint))
        {
            return OpenAiError.MissingScope(wanted.Endpoint);
        }

        return caller.RefuseModel(wanted.AskedModel, wanted.Model);
    }
}
