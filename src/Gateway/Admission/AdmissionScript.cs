using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Admission;

/// <summary>One admission, or one check.</summary>
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
    TillSafety safety, Settlements settlements, EmbeddedScript script, TimeProvider clock)
{
    /// <summary>Most settlements in one call; keeps a call under a millisecond of Redis' time.</summary>
    internal const int MostSettlements = 128;

    private const int MostRiding = 64;
    private const int SettlementArguments = 4;
    private const int CallArguments = 7; // Without those of a claim.
    private const long BreakerMs = 50;
    private long _brokenAt = clock.GetTimestamp() - clock.TimestampFrequency;

    /// <summary>Whether Redis failed a moment ago: then nothing should be opened that it would have to release.</summary>
    public bool IsBroken => clock.GetElapsedTime(Volatile.Read(ref _brokenAt)).TotalMilliseconds < BreakerMs;

    /// <summary>Runs admissions and checks of one organization in one call, in their order.</summary>
    /// <returns>An answer for each.</returns>
    /// <exception cref="RedisUnavailableException">No answer in time: the outcome of all of them is unknown.</exception>
    public Task<IReadOnlyList<AdmissionReply>> RunAsync(
        Guid organizationId, IReadOnlyList<AdmissionCall> calls, CancellationToken cancellationToken) =>
        RunAsync(organizationId, settlements.Take(organizationId, MostRiding), calls, cancellationToken);

    /// <summary>Applies settlements that wait for an organization. False when none did.</summary>
    /// <exception cref="RedisUnavailableException">No answer in time; they wait again.</exception>
    public async Task<bool> SettleAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        var taken = settlements.Take(organizationId, MostSettlements);
        if (taken.Count == 0)
        {
            return false;
        }

        await RunAsync(organizationId, taken, [], cancellationToken);
        return true;
    }

    private async Task<IReadOnlyList<AdmissionReply>> RunAsync(
        Guid organizationId, IReadOnlyList<Settlement> riding, IReadOnlyList<AdmissionCall> calls, CancellationToken cancellationToken)
    {
        var acknowledged = false;
        try
        {
            if (!safety.IsVerified)
            {
                throw new RedisUnavailableException("The till's Redis was not yet seen to be safe.");
            }

            var values = await script.RunAsync(
                safety, RedisNames.Organization(organizationId), Arguments(riding, calls), cancellationToken);
            acknowledged = true;
            foreach (var settlement in riding)
            {
                settlement.Acknowledged?.Invoke(settlement);
            }

            return AdmissionReply.ReadAll(values);
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

    /// <summary>The script's arguments. What admissions of the same key and model have in common is sent once.</summary>
    internal static RedisValue[] Arguments(IReadOnlyList<Settlement> riding, IReadOnlyList<AdmissionCall> calls)
    {
        List<RedisValue[]> tables = [];
        var tableOf = new int[calls.Count];
        var length = 3 + (SettlementArguments * riding.Count);
        for (var i = 0; i < calls.Count; i++)
        {
            var table = calls[i].Limits.Arguments(calls[i].Admits);
            tableOf[i] = tables.IndexOf(table);
            if (tableOf[i] < 0)
            {
                tableOf[i] = tables.Count;
                tables.Add(table);
                length += table.Length;
            }

            length += CallArguments + (calls[i].Claim is null ? 1 : IdempotencyClaim.Arguments);
        }

        var arguments = new RedisValue[length];
        var at = 0;
        arguments[at++] = riding.Count;
        foreach (var settlement in riding)
        {
            arguments[at++] = Letter(settlement.Kind);
            arguments[at++] = Utf8(settlement.RequestId);
            arguments[at++] = settlement.Tokens;
            arguments[at++] = settlement.CostNanoUsd;
        }

        arguments[at++] = tables.Count;
        foreach (var table in tables)
        {
            table.CopyTo(arguments, at);
            at += table.Length;
        }

        arguments[at++] = calls.Count;
        for (var i = 0; i < calls.Count; i++)
        {
            var call = calls[i];
            arguments[at++] = call.Admits ? "A" : "C";
            arguments[at++] = tableOf[i] + 1;
            arguments[at++] = Utf8(call.RequestId);
            arguments[at++] = call.Owner;
            arguments[at++] = call.MoneyNanoUsd;
            arguments[at++] = call.Tokens;
            arguments[at++] = call.Requests;
            if (call.Claim is { } claim)
            {
                claim.WriteTo(arguments.AsSpan(at));
                at += IdempotencyClaim.Arguments;
            }
            else
            {
                arguments[at++] = RedisValue.EmptyString;
            }
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
