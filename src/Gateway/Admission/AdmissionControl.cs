using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Admission;

/// <summary>
/// What one admission decided. Exactly one of <see cref="Ticket"/> and <see cref="Refusal"/> is set for an inference request; for a check
/// without demand the ticket stays null and only a refusal counts.
/// </summary>
internal sealed record AdmissionResult(RequestTicket? Ticket, OpenAiError? Refusal, RateLimitState Limits)
{
    /// <summary>The caller by the newest record; null when that one refuses the key, or nobody could look.</summary>
    public Caller? Caller { get; init; }

    /// <summary>The request with the same idempotency key that was answered already: its answer may be sent in place of the
    /// refusal.</summary>
    public Guid? AnsweredBy { get; init; }
}

/// <summary>The one door: every authenticated request passes it once, whatever its route and outcome. Thread-safe.</summary>
internal sealed partial class AdmissionControl(
    AdmissionScript script, AdmissionLines lines, Authenticator authenticator, LeaseKeeper leases, RequestJournal journal, ClockGuard clocks,
    ILogger<AdmissionControl> logger)
{
    /// <summary>Numbers from here on are not exact in the script.</summary>
    private const long LargestHold = 1L << 52;

    private const int MostRefreshes = 2;

    /// <summary>Journals OPEN, takes limits, budgets and money in one script, journals ADMITTED.</summary>
    /// <param name="claim">The idempotency key to claim, or null.</param>
    public async Task<AdmissionResult> AdmitAsync(
        Caller caller, Guid requestId, Demand demand, CancellationToken cancellationToken, IdempotencyClaim? claim = null)
    {
        var money = demand.Price.PicoUsd.CostPicoUsd(demand.Bound) / 1000 >= LargestHold
            ? LargestHold
            : demand.Price.PicoUsd.CostNanoUsd(demand.Bound);
        if (script.IsBroken || !journal.TryOpen(requestId, caller.OrganizationId))
        {
            return new AdmissionResult(null, OpenAiError.Overloaded(AdmissionErrors.Soon), RateLimitState.None);
        }

        var fate = HoldFate.Unknown;
        try
        {
            var decision = await DecideAsync(
                caller,
                known => new AdmissionCall(
                    true, known, requestId, journal.Owner, LimitTable.For(known, demand.Model), 1,
                    Math.Min(demand.RateTokens, LargestHold), money) { Claim = claim },
                demand.Access,
                cancellationToken);
            authenticator.CountUse(decision.Caller);
            fate = decision.Reply?.Verdict == AdmissionVerdict.Admitted ? HoldFate.Unknown : HoldFate.None;
            if (decision.Refusal is not null || decision.Reply is not { Verdict: AdmissionVerdict.Admitted, Epoch: { } epoch } reply)
            {
                return decision.Refused();
            }

            leases.Observe(caller.OrganizationId, epoch, reply.FreeNanoUsd, money);
            var request = new AdmittedRequest(
                requestId, caller.OrganizationId, caller.ProjectId, caller.KeyId, demand.Model, demand.Endpoint, demand.Streamed,
                demand.Price.Version, PriceOf(demand), demand.Bound, epoch, reply.Time, money, decision.Call.Tokens);
            if (!leases.Permits(caller.OrganizationId, epoch) || !journal.TryAdmit(request))
            {
                return decision.Refused() with { Refusal = OpenAiError.LedgerFrozen(AdmissionErrors.Soon) };
            }

            fate = HoldFate.Ticket;
            return new AdmissionResult(
                new RequestTicket(request, journal, leases, clocks.Local, logger), null, RateLimitState.Of(
                    decision.Call.Limits.Buckets, reply.Used));
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
        {
            Log.RedisAway(logger, exception.Message);
            return new AdmissionResult(null, OpenAiError.Overloaded(AdmissionErrors.Soon), RateLimitState.None);
        }
        finally
        {
            if (fate == HoldFate.Unknown)
            {
                journal.Release(requestId, caller.OrganizationId);
            }
            else if (fate == HoldFate.None)
            {
                journal.Drop(requestId);
            }
        }
    }

    /// <summary>For a GET (<paramref name="countRequest"/> false) and for a request already known to be refused with 4xx (true: it counts
    /// against the request buckets, as OpenAI's do): checks the versions of key and policy and feeds the headers.</summary>
    /// <param name="access">What the key was found to allow, to be asked again of a newer record; null when it allowed nothing.</param>
    public async Task<AdmissionResult> CheckAsync(
        Caller caller, Guid requestId, bool countRequest, CancellationToken cancellationToken, Access? access = null)
    {
        try
        {
            var decision = await DecideAsync(
                caller,
                known => new AdmissionCall(
                    false, known, requestId, journal.Owner, LimitTable.For(known, model: null), countRequest ? 1 : 0, 0, 0),
                access,
                cancellationToken);
            authenticator.CountUse(decision.Caller);
            return decision.Refused();
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
        {
            Log.RedisAway(logger, exception.Message);
            return new AdmissionResult(null, OpenAiError.Overloaded(AdmissionErrors.Soon), RateLimitState.None);
        }
    }

    /// <summary>Asks the script until it decides: records that it found old are renewed, a till that it found low is refilled.</summary>
    private async Task<Decision> DecideAsync(
        Caller caller, Func<Caller, AdmissionCall> ask, Access? access, CancellationToken cancellationToken)
    {
        var started = clocks.Local.GetTimestamp();
        var (refreshes, exhausted) = (0, false);
        while (true)
        {
            var call = ask(caller);
            var reply = await lines.RunAsync(call);
            if (!clocks.Agrees(reply.Time))
            {
                return new Decision(caller, call, reply, OpenAiError.Overloaded(AdmissionErrors.Soon));
            }

            switch (reply.Verdict)
            {
                case AdmissionVerdict.Admitted or AdmissionVerdict.Checked:
                    return new Decision(caller, call, reply, null);
                case AdmissionVerdict.Missing or AdmissionVerdict.Stale when refreshes < MostRefreshes:
                    var askAccounts = reply.Verdict == AdmissionVerdict.Missing || refreshes > 0;
                    refreshes++;
                    var (known, refusal) = await authenticator.RefreshAsync(caller, askAccounts, cancellationToken);
                    if (known is null || (refusal = Forbidden(known, access)) is not null)
                    {
                        return new Decision(known, call, null, refusal);
                    }

                    caller = known;
                    break;
                case AdmissionVerdict.Cold or AdmissionVerdict.Till:
                    var refill = exhausted
                        ? new Refill(RefillOutcome.Exhausted)
                        : await leases.RefillAsync(
                            caller.OrganizationId, call.MoneyNanoUsd, leases.LeaseWait - clocks.Local.GetElapsedTime(started),
                            cancellationToken);
                    if (refill.Outcome == RefillOutcome.Unavailable || exhausted)
                    {
                        return new Decision(
                            caller, call, reply,
                            exhausted ? OpenAiError.CreditBalanceExhausted()
                                : OpenAiError.LedgerFrozen(refill.RetryAfter ?? AdmissionErrors.Soon));
                    }

                    // What came in, or returned meanwhile, may yet be enough: once more.
                    exhausted = refill.Outcome == RefillOutcome.Exhausted;
                    break;
                default:
                    return new Decision(caller, call, reply, AdmissionErrors.Of(reply, call, access?.Model));
            }
        }
    }

    private static UsagePrice PriceOf(Demand demand) =>
        new(demand.Price.PicoUsd, demand.Price.EffectiveFrom, demand.Price.OrganizationId is not null);

    /// <summary>What the endpoint asked of the old record, asked of the new one.</summary>
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

        return caller.MayCall(wanted.AskedModel, wanted.Model) ? null : OpenAiError.ModelNotAllowed(wanted.AskedModel);
    }

    /// <param name="Caller">By the newest record; null when that one refuses the key.</param>
    /// <param name="Reply">Null when the last one does not speak for the caller any more.</param>
    private sealed record Decision(Caller? Caller, AdmissionCall Call, AdmissionReply? Reply, OpenAiError? Refusal)
    {
        public AdmissionResult Refused() =>
            new(null, Refusal, Reply is null ? RateLimitState.None : RateLimitState.Of(Call.Limits.Buckets, Reply.Used))
            {
                Caller = Caller,
                AnsweredBy = Reply?.Verdict == AdmissionVerdict.Done ? Reply.ClaimedBy : null,
            };
    }

    /// <summary>Who must end the hold of a request that was opened.</summary>
    private enum HoldFate
    {
        /// <summary>It may exist and nobody runs the request: release it.</summary>
        Unknown,

        /// <summary>The script refused: there is none.</summary>
        None,

        /// <summary>The request's ticket.</summary>
        Ticket,
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Not admitted: {Reason}")]
        public static partial void RedisAway(ILogger logger, string reason);
    }
}
