using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Admission;

/// <summary>Admission: every authenticated request passes it once, whatever its route and outcome. Thread-safe.</summary>
internal sealed partial class AdmissionControl(
    AdmissionDecider decider, AdmissionScript script, LeaseKeeper leases, RequestJournal journal, TimeProvider clock,
    ILogger<AdmissionControl> logger)
{
    /// <summary>Numbers from here on are not exact in the script.</summary>
    private const long LargestHold = 1L << 52;

    /// <summary>Journals OPEN, takes limits, budgets and money in one script, journals ADMITTED.</summary>
    /// <param name="claim">The idempotency key to claim, or null.</param>
    public async Task<AdmissionResult> AdmitAsync(
        Caller caller, Guid requestId, Demand demand, CancellationToken cancellationToken, IdempotencyClaim? claim = null)
    {
        var money = demand.Price.PicoUsd.CostPicoUsd(demand.Bound, demand.ServiceClass) / 1000 >= LargestHold
            ? LargestHold
            : demand.Price.PicoUsd.CostNanoUsd(demand.Bound, demand.ServiceClass);
        if (script.IsBroken || !journal.TryOpen(requestId, caller.OrganizationId))
        {
            return new AdmissionResult.Refused(OpenAiError.Overloaded(AdmissionErrors.Soon), RateLimitState.None);
        }

        var fate = HoldFate.Unknown;
        try
        {
            var decision = await decider.DecideAsync(
                caller,
                known => new AdmissionCall(
                    true, known, requestId, journal.Owner, LimitTable.For(known, demand.Model), 1,
                    Math.Min(demand.RateTokens, LargestHold), money) { Claim = claim },
                demand.Access,
                cancellationToken);
            fate = decision.Reply?.Verdict == AdmissionVerdict.Admitted ? HoldFate.Unknown : HoldFate.None;
            if (decision.Refusal is not null || decision.Reply is not { Verdict: AdmissionVerdict.Admitted, Epoch: { } epoch } reply)
            {
                return decision.Refused(decision.Refusal ?? OpenAiError.ServerError());
            }

            leases.Observe(caller.OrganizationId, epoch, reply.FreeNanoUsd, money);
            var request = new AdmittedRequest(
                requestId, caller.OrganizationId, caller.ProjectId, caller.KeyId, demand.Model, demand.Endpoint, demand.Streamed,
                demand.Price.Version, PriceOf(demand), demand.Bound, epoch, reply.Time, money, decision.Call.Tokens)
            {
                ServiceClass = demand.ServiceClass,
                ModelVersion = demand.ModelVersion,
            };
            if (!leases.Gate.Permits(caller.OrganizationId, epoch) || !journal.TryAdmit(request))
            {
                return decision.Refused(OpenAiError.LedgerFrozen(AdmissionErrors.Soon));
            }

            fate = HoldFate.Ticket;
            return new AdmissionResult.Admitted(new RequestTicket(request, journal, leases, clock, logger), decision.Limits);
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
        {
            Log.RedisAway(logger, exception.Message);
            return new AdmissionResult.Refused(OpenAiError.Overloaded(AdmissionErrors.Soon), RateLimitState.None);
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
    /// <param name="access">What the key was found to allow, checked again against a newer record; null when it allowed nothing.</param>
    public async Task<AdmissionCheck> CheckAsync(
        Caller caller, Guid requestId, bool countRequest, CancellationToken cancellationToken, Access? access = null)
    {
        try
        {
            var decision = await decider.DecideAsync(
                caller,
                known => new AdmissionCall(
                    false, known, requestId, journal.Owner, LimitTable.For(known, model: null), countRequest ? 1 : 0, 0, 0),
                access,
                cancellationToken);
            return new AdmissionCheck(decision.Caller, decision.Refusal, decision.Limits);
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
        {
            Log.RedisAway(logger, exception.Message);
            return new AdmissionCheck(null, OpenAiError.Overloaded(AdmissionErrors.Soon), RateLimitState.None);
        }
    }

    /// <summary>A price of another name has no date here: a restored Billing prices this usage with it, and must not make it the list price
    /// of the model.</summary>
    private static UsagePrice PriceOf(Demand demand) => new(
        demand.Price.PicoUsd, demand.Price.Model == demand.Model ? demand.Price.EffectiveFrom : null,
        demand.Price.OrganizationId is not null);

    /// <summary>Who must end the hold of a request that was opened.</summary>
    private enum HoldFate
    {
        /// <summary>It may exist, and the request does not run: release it.</summary>
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
