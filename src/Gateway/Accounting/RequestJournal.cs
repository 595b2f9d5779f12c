using System.Collections.Concurrent;
using System.Diagnostics;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Accounting;

/// <summary>
/// Writes the life of requests to the journal and ends their holds: OPEN before the script, ADMITTED or DROPPED after it, PROGRESS, CLOSE.
/// Knows which holds Redis has not yet confirmed as gone. Thread-safe.
/// </summary>
internal sealed class RequestJournal(JournalFile journal, Settlements settlements, TimeProvider clock)
{
    private static readonly TimeSpan TombstoneTime = TimeSpan.FromSeconds(60);

    /// <summary>For each request that may have a hold: a position not after its OPEN.</summary>
    private readonly ConcurrentDictionary<Guid, long> _unsettled = new();

    private volatile HoldOwner _owner = new(Guid.Empty, 0, "");

    /// <summary>Who owns the holds that this process makes: gateway, journal and boot.</summary>
    public string Owner
    {
        get
        {
            var owner = _owner;
            if (owner.Journal != journal.Id || owner.Boot != journal.Boot)
            {
                _owner = owner = new HoldOwner(journal.Id, journal.Boot, $"{journal.GatewayId}/{journal.Id:N}/{journal.Boot}");
            }

            return owner.Name;
        }
    }

    /// <summary>
    /// Position before which every request's hold is gone. Read the journal's end first: a
    /// request that opens while this looks at the others opens after it.
    /// </summary>
    public long SettledTo()
    {
        var settled = journal.End;
        foreach (var (_, position) in _unsettled)
        {
            settled = Math.Min(settled, position);
        }

        return settled;
    }

    /// <summary>Whether a request may have a hold that Redis has not yet confirmed as gone.</summary>
    public bool MayHold(Guid requestId) => _unsettled.ContainsKey(requestId);

    /// <summary>Journals that a hold may come to exist. False when the journal takes no new work.</summary>
    public bool TryOpen(Guid requestId, Guid organizationId)
    {
        _unsettled[requestId] = journal.End;
        Span<byte> payload = stackalloc byte[40];
        var writer = new RecordWriter(payload);
        writer.Guid(requestId);
        writer.Guid(organizationId);
        writer.Int64(clock.GetUtcNow().ToUnixTimeMilliseconds());
        if (journal.Append(RecordType.Open, writer.Written) >= 0)
        {
            return true;
        }

        _unsettled.TryRemove(requestId, out _);
        return false;
    }

    /// <summary>Journals the hold. False when there is no room: release it.</summary>
    public bool TryAdmit(AdmittedRequest request)
    {
        Span<byte> payload = stackalloc byte[2560];
        var writer = new RecordWriter(payload);
        request.Write(ref writer);
        return journal.Append(RecordType.Admitted, writer.Written) >= 0;
    }

    /// <summary>Journals that an opened request holds nothing.</summary>
    public void Drop(Guid requestId)
    {
        Span<byte> payload = stackalloc byte[16];
        var writer = new RecordWriter(payload);
        writer.Guid(requestId);
        journal.Append(RecordType.Dropped, writer.Written);
        _unsettled.TryRemove(requestId, out _);
    }

    /// <summary>
    /// Takes back a hold that may or may not exist, until Redis confirms it; then drops the request. Its tombstone goes after a minute.
    /// </summary>
    public void Release(Guid requestId, Guid organizationId) =>
        settlements.Add(new Settlement(SettlementKind.Release, organizationId, requestId, 0, 0, Released));

    public void StartAttempt(Guid requestId, int attempt)
    {
        Span<byte> payload = stackalloc byte[24];
        var writer = new RecordWriter(payload);
        writer.Guid(requestId);
        writer.Count(attempt);
        journal.Append(RecordType.Attempt, writer.Written);
    }

    /// <exception cref="JournalFullException">No room: nothing that this progress counts may be sent.</exception>
    public void Progress(Guid requestId, Units units)
    {
        Span<byte> payload = stackalloc byte[112];
        var writer = new RecordWriter(payload);
        writer.Guid(requestId);
        writer.Units(units);
        writer.LaterUnits(units);
        if (journal.Append(RecordType.Progress, writer.Written) < 0)
        {
            throw new JournalFullException();
        }
    }

    /// <summary>Journals that a complete answer is about to be stored. The request still runs: nothing of it is shipped before its
    /// CLOSE.</summary>
    /// <exception cref="JournalFullException">No room: the answer must be neither stored nor sent.</exception>
    public void Answer(Guid requestId, UnsettledAnswer answer)
    {
        Span<byte> payload = stackalloc byte[256];
        var writer = new RecordWriter(payload);
        writer.Guid(requestId);
        answer.Write(ref writer);
        if (journal.Append(RecordType.Answered, writer.Written) < 0)
        {
            throw new JournalFullException();
        }
    }

    /// <summary>Journals the end and queues the settlement.</summary>
    /// <param name="serverSpan">Of the request; null for one without a trace.</param>
    public void Close(
        AdmittedRequest request, RequestEnd end, SettlementKind kind = SettlementKind.Settle, Activity? serverSpan = null)
    {
        Span<byte> payload = stackalloc byte[160];
        var writer = new RecordWriter(payload);
        writer.Guid(request.RequestId);
        end.Write(ref writer);
        if (journal.Append(RecordType.Close, writer.Written) < 0)
        {
            throw new JournalFullException(); // Room for it was kept; only a journal that was closed under a running request comes here.
        }

        Settle(request, end, kind, GatewaySpans.BeginSettlement(serverSpan));
    }

    /// <summary>Queues the settlement of a request that has its CLOSE.</summary>
    /// <param name="span">Ends with the settlement.</param>
    public void Settle(
        AdmittedRequest request, RequestEnd end, SettlementKind kind = SettlementKind.Settle, Activity? span = null) => settlements.Add(
        new Settlement(
            kind, request.OrganizationId, request.RequestId, end.RateTokens, request.CostNanoUsd(end.Charged), Settled)
        {
            Span = span,
        });

    /// <summary>Counts an earlier boot's request among those whose holds are not yet gone.</summary>
    public void Inherit(Guid requestId, long openPosition) => _unsettled[requestId] = openPosition;

    private void Settled(Settlement settlement)
    {
        _unsettled.TryRemove(settlement.RequestId, out _);
        if (settlement.Span is { } span)
        {
            GatewaySpans.End(span);
        }
    }

    private void Released(Settlement settlement)
    {
        Drop(settlement.RequestId);
        _ = ForgetLaterAsync(settlement);
    }

    private async Task ForgetLaterAsync(Settlement settlement)
    {
        await Task.Delay(TombstoneTime, clock);
        settlements.Add(settlement with { Kind = SettlementKind.Forget, Acknowledged = null });
    }

    private sealed record HoldOwner(Guid Journal, long Boot, string Name);
}

/// <summary>The disk is full and the journal's last segment too.</summary>
internal sealed class JournalFullException() : IOException("The journal has no room.");
