using System.Globalization;
using Tollgate.Chaos.Tests.Faults;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.Usage;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>Holds what clients saw, what was billed and what workers generated against each other, request by request.</summary>
internal sealed class CallAudit(
    IReadOnlyCollection<CallRecord> calls, IReadOnlyList<BilledRow> rows, Witnesses witnesses, IReadOnlyCollection<Injected> faults)
{
    public const string Missing = "a call that got an answer has its row";
    public const string Under = "billed is not below what was delivered";
    public const string Over = "billed is not above what was generated";
    private const string Refusal = "a refusal costs nothing";
    private const string Usage = "a whole answer's usage is its row's";
    private const string Status = "no answer has a status that it should not have";
    private const string Retry = "a 503 says when to try again";
    private const string End = "no stream ends in order without [DONE] or an error frame";
    private const string Quota = "nobody with money is told that it is used up";
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);
    private readonly Dictionary<Guid, BilledRow> _rows =
        rows.Where(row => row.Seq == 0).DistinctBy(row => row.RequestId).ToDictionary(row => row.RequestId);
    private readonly List<Violation> _violations = [];

    public static IEnumerable<string> Invariants => [Missing, Under, Over, Refusal, Usage, Status, Retry, End, Quota];

    /// <summary>Rows whose worker was killed before it could write its own log: their units have one witness.</summary>
    public int Unwitnessed { get; private set; }

    /// <summary>Calls answered with 502 or 504 while a worker was killed or stopped.</summary>
    public int UpstreamErrors { get; private set; }

    public IReadOnlyList<Violation> Check()
    {
        foreach (var call in calls)
        {
            CheckStatus(call);
            CheckRow(call, call.RequestId is { } id ? _rows.GetValueOrDefault(id) : null);
        }

        foreach (var row in rows)
        {
            CheckWitness(row);
        }

        return _violations;
    }

    private void CheckRow(CallRecord call, BilledRow? row)
    {
        if (call.Status == 200 && row is null)
        {
            Report(Missing, call, row);
        }

        if (row is null)
        {
            return;
        }

        if (call.Received > row.Output || call.Received > row.Delivered || (call.Received > 0 && row.Prompt == 0))
        {
            Report(Under, call, row);
        }

        if (call.End == CallEnd.Refused && row.Amount > 0)
        {
            Report(Refusal, call, row);
        }

        if (call is { End: CallEnd.Whole, UsageCompletion: { } completion } && row.Outcome != Outcome.Empty
            && (completion != row.Output || call.UsagePrompt != row.Prompt))
        {
            Report(Usage, call, row);
        }
    }

    private void CheckStatus(CallRecord call)
    {
        if (call.Status is 502 or 504 && WorkerFaultDuring(call.StartedAt, call.EndedAt, onlyKills: false))
        {
            UpstreamErrors++;
        }
        else if (call.Status is not (null or 200 or 429 or 503))
        {
            Report(Status, call, null);
        }

        if (call is { Status: 503, SaysWhenToRetry: false })
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

    private void CheckWitness(BilledRow row)
    {
        if (row.Prompt + row.Output == 0)
        {
            return;
        }

        if (witnesses.Find(row.RequestId, row.Attempt) is { } generated)
        {
            if (row.Output > generated.Completion || row.Prompt > generated.Prompt)
            {
                _violations.Add(new Violation(Over, $"{row} generated {generated}"));
            }
        }
        else if (WorkerFaultDuring(row.AdmittedAt, row.FinishedAt, onlyKills: true))
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
            $"received {call.Received} usage {call.UsagePrompt}+{call.UsageCompletion} row {row}")));
}
