using System.Globalization;
using Tollgate.Chaos.Tests.Faults;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>Holds what clients saw, what was billed and what workers generated against each other, request by request.</summary>
internal sealed class CallAudit(
    IReadOnlyCollection<CallRecord> calls, IReadOnlyList<BilledRow> rows, Witnesses witnesses, IReadOnlyCollection<Injected> faults)
{
    public const string Missing = "a call that got an answer has its row";
    public const string Under = "billed is not below what was delivered";
    public const string Over = "billed is not above what was generated";
    public const string Twice = "an idempotency key is answered by one request";
    public const string Tenant = "a row is of its caller's organization, project and key";
    public const string Class = "a line of a batch is billed as one, and nothing else is";
    private const string Clock = "a gateway whose clock is off admits nothing";
    private const string Refusal = "a refusal costs nothing";
    private const string Usage = "a whole answer's usage is its row's";
    private const string Sent = "a row bills the pictures and the seconds that its caller sent";
    private const string Status = "no answer has a status that it should not have";
    private const string Retry = "a 503 says when to try again";
    private const string End = "no stream ends in order without [DONE] or an error frame";
    private const string Quota = "nobody with money is told that it is used up";
    private const string ModelUnloaded = "model_unloaded"; // Nobody knows when its operator loads it.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);
    private readonly Dictionary<Guid, BilledRow> _rows =
        rows.Where(row => row.Seq == 0).DistinctBy(row => row.RequestId).ToDictionary(row => row.RequestId);
    private readonly Dictionary<Guid, CallRecord> _calls =
        calls.Where(call => call.RequestId is not null).DistinctBy(call => call.RequestId).ToDictionary(call => call.RequestId!.Value);

    private readonly List<Violation> _violations = [];

    public static IEnumerable<string> Invariants =>
        [Missing, Under, Over, Twice, Tenant, Class, Refusal, Usage, Sent, Status, Retry, End, Quota, Clock];

    /// <summary>Rows whose worker was killed before it could write its own log: their units have one witness.</summary>
    public int Unwitnessed { get; private set; }

    /// <summary>
    /// Rows below what was delivered, of requests that ran while a copy of their gateway's journal was made that came back later: the copy
    /// knows them as they were then.
    /// </summary>
    public int Copied { get; private set; }

    /// <summary>
    /// Calls without a row whose worker was killed and whose gateway's journal came back as an older copy: nobody is left to tell of them.
    /// </summary>
    public int Forgotten { get; private set; }

    /// <summary>
    /// Calls without a row that ended after a copy of their gateway's journal was made which came back later, where Billing had booked
    /// nothing past the copy: to it that journal is whole. R2 tells the operator of them from the worker's log.
    /// </summary>
    public int Unnoticed { get; private set; }

    /// <summary>
    /// Idempotency keys that two requests answered in full while a fault had made Redis, the store of answers or a gateway forget.
    /// </summary>
    public int Reruns { get; private set; }

    /// <summary>Calls answered with 502 or 504 while a worker was killed or stopped.</summary>
    public int UpstreamErrors { get; private set; }

    public IReadOnlyList<Violation> Check()
    {
        foreach (var call in calls)
        {
            CheckStatus(call);
            CheckClock(call);
            CheckRow(call, (call.ReplayOf ?? call.RequestId) is { } id ? _rows.GetValueOrDefault(id) : null);
        }

        foreach (var key in calls.Where(call => call.IdempotencyKey is not null).GroupBy(call => call.IdempotencyKey))
        {
            CheckKey([.. key]);
        }

        foreach (var row in rows)
        {
            CheckWitness(row);
        }

        return _violations;
    }

    /// <summary>All calls with one idempotency key: at most one is billed to its end, and none that got the first one's answer.</summary>
    private void CheckKey(IReadOnlyList<CallRecord> group)
    {
        var billed = group.Where(call => call.RequestId is { } id && _rows.ContainsKey(id)).ToList();
        foreach (var replayed in billed.Where(call => call.ReplayOf is not null))
        {
            Report(Twice, replayed, _rows[replayed.RequestId!.Value]);
        }

        var complete = billed.Where(call => _rows[call.RequestId!.Value].Outcome == Outcome.Completed).ToList();
        var (from, to) = (group.Min(call => call.StartedAt) - Margin, group.Max(call => call.EndedAt) + Margin);
        if (complete.Count > 1 && faults.Any(fault => fault.From < to && fault.To > from && Forgets(fault, group)))
        {
            Reruns++;
        }
        else if (complete.Count > 1)
        {
            Report(Twice, complete[^1], _rows[complete[^1].RequestId!.Value]);
        }
    }

    /// <summary>
    /// Redis lost the claim, the backup lacks the answer, or the first attempt's gateway fell silent or could not keep it.
    /// </summary>
    private static bool Forgets(Injected fault, IReadOnlyList<CallRecord> group) =>
        fault.Fault.Kind is FaultKind.WipeRedis or FaultKind.RestorePostgres
        || (fault.Fault.Kind is FaultKind.KillGateway or FaultKind.RestoreJournal or FaultKind.FreezeGateway or FaultKind.FreezeGatewayLong
            && group.Any(call => call.GatewayName == fault.Process));

    private void CheckRow(CallRecord call, BilledRow? row)
    {
        if (call.Status == 200 && row is null)
        {
            CheckMissing(call);
        }

        if (row is null)
        {
            return;
        }

        // Workers' logs contain neither project nor key: what they alone know of is billed to the organization.
        var customer = call.Key.Customer;
        if (row.To != (row.Source == UsageSource.Worker
            ? new BilledTo(customer.OrganizationId, Guid.Empty, Guid.Empty)
            : new BilledTo(customer.OrganizationId, customer.ProjectId, call.Key.KeyId)))
        {
            Report(Tenant, call, row);
        }

        if ((call.InternalGateway is not null) != (row.ServiceClass == ServiceClass.Batch))
        {
            Report(Class, call, row);
        }

        // A row that a worker's log brought in knows what was generated, not what was delivered.
        var delivered = row.Source == UsageSource.Worker ? row.Units.Completion : row.Delivered;
        var isUnder = !call.Received.IsWithin(row.Units) || call.Received.Completion > delivered
            || (call.Received.Completion > 0 && row.Units.Prompt == 0);
        if (isUnder && IsOfACopy(call, row))
        {
            Copied++;
            return;
        }

        if (isUnder)
        {
            Report(Under, call, row);
        }

        if (call.End == CallEnd.Refused && row.Amount > 0)
        {
            Report(Refusal, call, row);
        }

        if (call is { End: CallEnd.Whole, Usage: { } usage } && row.Outcome != Outcome.Empty && !States(usage, row.Units))
        {
            Report(Usage, call, row);
        }

        if (call is { End: CallEnd.Whole, Sent: { } sent } && row.Outcome != Outcome.Empty && sent != row.Units)
        {
            Report(Sent, call, row);
        }
    }

    /// <summary>Whether an answer's usage is what a row bills. Answers name pixels where pictures are read, and steps nowhere.</summary>
    private static bool States(Units usage, Units billed) =>
        (usage.Input, usage.Cached, usage.Completion, usage.AudioMs, usage.Images)
        == (billed.Input, billed.Cached, billed.Completion, billed.AudioMs, billed.Images)
        && (usage.Pixels == 0 || usage.Pixels == billed.Pixels);

    /// <summary>A gateway's journal that came back as an older copy lost the call, and its worker died before it logged it, or nobody can
    /// know that the copy is older.</summary>
    private void CheckMissing(CallRecord call)
    {
        var restored = RestoresOf(call).Where(fault => call.EndedAt > fault.From).ToList();
        if (restored.Any(fault => call.StartedAt < fault.To && !WasShippedPast(fault)))
        {
            Unnoticed++;
        }
        else if (restored.Count > 0 && (call.ReplayOf is not null || WorkerFaultDuring(call.StartedAt, call.EndedAt, onlyKills: true)))
        {
            Forgotten++;
        }
        else
        {
            Report(Missing, call, null);
        }
    }

    /// <summary>Whether Billing had a row of the gateway's that is not in the copy: then it must notice that the copy is older.</summary>
    private bool WasShippedPast(Injected restored) => _calls.Values.Any(
        call => call.GatewayName == restored.Process && call.StartedAt > restored.CopiedAt && call.EndedAt < restored.To
            && _rows.GetValueOrDefault(call.RequestId!.Value) is { Source: UsageSource.Gateway });

    /// <summary>A copy that was made while the call ran ends it where it was then, if its later end had not been shipped.</summary>
    private bool IsOfACopy(CallRecord call, BilledRow row) => row.Source == UsageSource.Recovery
        && RestoresOf(call).Any(fault => call.ReplayOf is not null || (call.StartedAt < fault.CopiedAt && call.EndedAt > fault.From));

    /// <summary>Journals restored that may have lost the call. Of a kept answer it is not known here which gateway's request it was, nor
    /// when that ran; the first call is judged by itself.</summary>
    private IEnumerable<Injected> RestoresOf(CallRecord call) => faults.Where(
        fault => fault.Fault.Kind == FaultKind.RestoreJournal && (call.ReplayOf is not null || fault.Process == call.GatewayName));

    private void CheckClock(CallRecord call)
    {
        if (call.Status == 200
            && FaultsOf(call, FaultKind.StepGateway).Concat(faults.Where(fault => fault.Fault.Kind == FaultKind.StepRedis))
                .Any(fault => call.StartedAt > fault.From + Margin && call.EndedAt < fault.To))
        {
            Report(Clock, call, null);
        }
    }

    private IEnumerable<Injected> FaultsOf(CallRecord call, FaultKind kind) =>
        faults.Where(fault => fault.Fault.Kind == kind && fault.Process == call.GatewayName);

    private void CheckStatus(CallRecord call)
    {
        // A gateway that was stopped finds its own timers run out when it goes on.
        var stopped = call.Status == 504 && FaultsOf(call, FaultKind.FreezeGatewayLong).Concat(FaultsOf(call, FaultKind.FreezeGateway))
            .Any(fault => fault.From < call.EndedAt && fault.To > call.StartedAt);
        if (stopped || (call.Status is 502 or 504 && WorkerFaultDuring(call.StartedAt, call.EndedAt, onlyKills: false)))
        {
            UpstreamErrors++;
        }
        else if (call.Status is not (null or 200 or 429 or 503) && !IsAboutItsKey(call))
        {
            Report(Status, call, null);
        }

        if (call is { Status: 503, SaysWhenToRetry: false, ErrorCode: not ModelUnloaded })
        {
            Report(Retry, call, null);
        }

        if (call.End == CallEnd.CutShort)
        {
            Report(End, call, null);
        }

        if ((call.ErrorCode == "credit_balance_exhausted" && call.Key.Customer.IsRich)
            || (call.ErrorCode?.EndsWith("spend_limit_exceeded", StringComparison.Ordinal) == true && call.Key.BudgetNanoUsd is null))
        {
            Report(Quota, call, null);
        }
    }

    /// <summary>The first attempt runs, or its answer is known to be lost.</summary>
    private static bool IsAboutItsKey(CallRecord call) => call is
    {
        IdempotencyKey: not null, Status: 409, ErrorCode: "idempotency_key_in_use" or "idempotency_answer_not_kept",
    };

    private void CheckWitness(BilledRow row)
    {
        if (row.Units == default)
        {
            return;
        }

        if (witnesses.Find(row.RequestId, row.Attempt) is { } generated)
        {
            // Cached tokens are not billed as computed ones.
            if (!row.Units.IsWithin(generated) || row.Units.Input > generated.Input)
            {
                _violations.Add(new Violation(Over, $"{row} generated {generated}"));
            }
        }
        else if (WorkerFaultDuring(row.AdmittedAt, row.FinishedAt, onlyKills: true)
            || (_calls.TryGetValue(row.RequestId, out var call) && WorkerFaultDuring(call.StartedAt, call.EndedAt, onlyKills: true)))
        {
            Unwitnessed++;
        }
        else
        {
            _violations.Add(new Violation(Over, $"{row} generated nothing that a worker knows of"));
        }
    }

    private bool WorkerFaultDuring(DateTimeOffset from, DateTimeOffset to, bool onlyKills) => faults.Any(fault =>
        (fault.Fault.Kind == FaultKind.KillWorker || (!onlyKills && fault.Fault.Kind == FaultKind.FreezeWorker))
        && fault.From < to + Margin && fault.To > from - Margin);

    private void Report(string invariant, CallRecord call, BilledRow? row) => _violations.Add(new Violation(
        invariant,
        string.Join(' ', string.Create(CultureInfo.InvariantCulture, $"call {call.Number} {call.RequestId:N} {call.StartedAt:O}"),
            $"{call.Key.Customer.Name}/{call.Key.PublicId} {call.Gateway} {call.Kind} status {call.Status} {call.ErrorCode} end {call.End}",
            $"sent {call.Sent} received {call.Received} usage {call.Usage} row {row}")));
}
