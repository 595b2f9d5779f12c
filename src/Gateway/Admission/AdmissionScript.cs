using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Admission;

/// <summary>What one call of the script asks, besides the settlements that ride on it.</summary>
/// <param name="Owner">Who may settle the hold: gateway, journal and boot.</param>
/// <param name="Requests">Cost in the request buckets, 0 or 1.</param>
/// <param name="Tokens">Cost in the token buckets.</param>
internal sealed record AdmissionCall(
    bool Admits, Caller Caller, Guid RequestId, string Owner, LimitTable Limits, int Requests, long Tokens, long MoneyNanoUsd)
{
    /// <summary>The claim of an admission with an idempotency key.</summary>
    public IdempotencyClaim? Claim { get; init; }
}

/// <summary>The one script of an organization's hash. Carries the settlements that wait for the organization. Thread-safe.</summary>
internal sealed class AdmissionScript(
    RedisConnection redis, TillSafety safety, Settlements settlements, EmbeddedScript script, TimeProvider clock)
{
    /// <summary>Most settlements in one call; keeps a call under a millisecond of Redis' time.</summary>
    internal const int MostSettlements = 128;

    private const int MostRiding = 32;
    private const long BreakerMs = 50;
    private long _brokenAt = clock.GetTimestamp() - clock.TimestampFrequency;

    /// <summary>Whether Redis failed a moment ago: then nothing should be opened that it would have to release.</summary>
    public bool IsBroken => clock.GetElapsedTime(Volatile.Read(ref _brokenAt)).TotalMilliseconds < BreakerMs;

    /// <summary>Runs an admission or a check.</summary>
    /// <exception cref="RedisUnavailableException">No answer in time: the outcome is unknown.</exception>
    public Task<AdmissionReply> RunAsync(AdmissionCall call, CancellationToken cancellationToken) =>
        RunAsync(call.Caller.OrganizationId, settlements.Take(call.Caller.OrganizationId, MostRiding), call, cancellationToken);

    /// <summary>Applies settlements that wait for an organization. False when none did.</summary>
    /// <exception cref="RedisUnavailableException">No answer in time; they wait again.</exception>
    public async Task<bool> SettleAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        var taken = settlements.Take(organizationId, MostSettlements);
        if (taken.Count == 0)
        {
            return false;
        }

        await RunAsync(organizationId, taken, call: null, cancellationToken);
        return true;
    }

    private async Task<AdmissionReply> RunAsync(
        Guid organizationId, IReadOnlyList<Settlement> riding, AdmissionCall? call, CancellationToken cancellationToken)
    {
        var acknowledged = false;
        try
        {
            if (!safety.IsVerified)
            {
                throw new RedisUnavailableException("The till's Redis was not yet seen to be safe.");
            }

            var values = await script.RunAsync(redis, RedisNames.Organization(organizationId), Arguments(riding, call), cancellationToken);
            acknowledged = true;
            foreach (var settlement in riding)
            {
                settlement.Acknowledged?.Invoke(settlement);
            }

            return AdmissionReply.Read(values);
        }
        finally
        {
            if (!acknowledged)
            {
                Volatile.Write(ref _brokenAt, clock.GetTimestamp());
                settlements.Return(riding);
            }
        }
    }

    internal static RedisValue[] Arguments(IReadOnlyList<Settlement> riding, AdmissionCall? call)
    {
        var standing = call is null ? [] : call.Limits.Arguments(call.Admits);
        var claim = call?.Claim;
        var arguments = new RedisValue[
            2 + (4 * riding.Count) + (call is null ? 0 : 5 + standing.Length + (claim is null ? 0 : IdempotencyClaim.Arguments))];
        arguments[0] = call is null ? "S" : call.Admits ? "A" : "C";
        arguments[1] = riding.Count;
        var at = 2;
        foreach (var settlement in riding)
        {
            arguments[at++] = Letter(settlement.Kind);
            arguments[at++] = Utf8(settlement.RequestId);
            arguments[at++] = settlement.Tokens;
            arguments[at++] = settlement.CostNanoUsd;
        }

        if (call is not null)
        {
            arguments[at++] = Utf8(call.RequestId);
            arguments[at++] = call.Owner;
            arguments[at++] = call.MoneyNanoUsd;
            arguments[at++] = call.Tokens;
            arguments[at++] = call.Requests;
            standing.CopyTo(arguments, at);
            claim?.WriteTo(arguments.AsSpan(at + standing.Length));
        }

        return arguments;
    }

    private static RedisValue Letter(SettlementKind kind) => kind switch
    {
        SettlementKind.Settle => "S",
        SettlementKind.SettleKept => "K",
        SettlementKind.SettleLost => "L",
        SettlementKind.Release => "R",
        _ => "F",
    };

    private static byte[] Utf8(Guid id)
    {
        var text = new byte[32];
        id.TryFormat(text, out _, "N");
        return text;
    }
}
