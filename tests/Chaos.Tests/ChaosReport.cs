using System.Globalization;
using System.Text;
using Tollgate.Chaos.Tests.Faults;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Chaos.Tests.Truth;
using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests;

/// <summary>The outcome of a run; as text, the table that is printed.</summary>
internal sealed class ChaosReport(
    ChaosOptions options, Happened happened, Billed billed, CallAudit audit, IReadOnlyList<Violation> violations,
    IReadOnlyList<string> errors)
{
    private readonly IReadOnlyList<BilledRow> _rows = billed.Rows;
    private const int ShownPerInvariant = 5;

    public IReadOnlyList<Violation> Violations => violations;

    public int Kills => happened.Injector.Done.Count(fault => FaultPlan.IsKill(fault.Fault.Kind));

    public override string ToString()
    {
        var text = new StringBuilder();
        var calls = happened.Calls;
        Line(text, "seed", options.Seed);
        Line(text, "load", $"{options.Duration.TotalSeconds:0} s, {options.Clients} clients");
        Line(text, "parts", $"{options.Gateways} gateways, {options.Workers} workers, one of each other");
        Line(text, "kills", Kills);
        foreach (var kind in happened.Injector.Done.GroupBy(fault => fault.Fault.Kind).OrderBy(kind => kind.Key))
        {
            Line(text, $"  {kind.Key}", kind.Count());
        }

        Line(text, "prices set", happened.Prices);
        Line(text, "orders about versions", happened.Plans);
        Line(text, "tills taken away", happened.Tills);
        Line(text, "calls", calls.Count);
        Line(
            text, "  made again with the same idempotency key",
            calls.Count(call => call.Kind.EndsWith(" again", StringComparison.Ordinal)));
        Line(text, "  of those answered by the first one's answer", calls.Count(call => call.ReplayOf is not null));
        foreach (var kind in calls.GroupBy(call => call.Kind.Split(' ')[0]).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            Line(text, $"  {kind.Key}, of them whole", $"{kind.Count()}, {kind.Count(call => call.End == CallEnd.Whole)}");
        }

        foreach (var end in calls.GroupBy(call => call.End).OrderBy(end => end.Key))
        {
            Line(text, $"  {end.Key}", end.Count());
        }

        var refusals = calls.Where(call => call.Status is not (null or 200)).GroupBy(call => (call.Status, call.ErrorCode));
        foreach (var status in refusals.OrderBy(status => status.Key.Status))
        {
            Line(text, $"  {status.Key.Status} {status.Key.ErrorCode}", status.Count());
        }

        Line(text, "rows", _rows.Count);
        foreach (var outcome in _rows.GroupBy(row => row.Outcome).OrderBy(outcome => outcome.Key))
        {
            Line(text, $"  {outcome.Key}", outcome.Count());
        }

        Line(text, "prompt tokens billed, of them cached", $"{_rows.Sum(row => row.Units.Prompt)}, {_rows.Sum(row => row.Units.Cached)}");
        Line(text, "missing", Count(CallAudit.Missing));
        Line(text, "under (billed < delivered)", Count(CallAudit.Under));
        Line(text, "over (billed > generated)", Count(CallAudit.Over));
        Line(text, "doubled", Count("one billable row for a request"));
        Line(text, "rows without a second witness (worker killed)", audit.Unwitnessed);
        Line(text, "rows at what an older copy of a journal knew", audit.Copied);
        Line(text, "forgotten by an older copy and a killed worker", audit.Forgotten);
        Line(text, "lost by an older copy that Billing cannot tell", audit.Unnoticed);
        Line(text, "answered twice for one idempotency key, by a fault", audit.Reruns);
        Line(text, "502 or 504 during a fault of worker or gateway", audit.UpstreamErrors);
        AppendUnits(text, calls);
        var wallets = happened.Wallets;
        Line(text, "wallets: least left, over looks", $"{wallets.Least} USD, {wallets.Looks} ({wallets.Missed} without Postgres)");
        var refused = calls.Where(call => call.Status == 503).Select(call => (call.EndedAt - call.StartedAt).TotalSeconds);
        Line(text, "slowest 503", $"{refused.DefaultIfEmpty().Max():0.0} s");
        Line(text, "errors in logs", errors.Count == 0 ? "none" : string.Join("; ", errors.Take(12)));
        AppendVerdict(text);
        return text.ToString();
    }

    /// <summary>Delivered as clients saw it. Billed and generated of rows that have both witnesses, and of all.</summary>
    private void AppendUnits(StringBuilder text, IReadOnlyCollection<CallRecord> calls)
    {
        (string Name, Func<Units, long> Of)[] kinds =
        [
            ("output tokens", units => units.Completion), ("audio ms", units => units.AudioMs), ("images", units => units.Images),
            ("pixels", units => units.Pixels), ("steps", units => units.Steps),
            ("calls", units => units.Calls), ("elements", units => units.Elements),
        ];
        var witnessed = _rows
            .Select(row => (Row: row, Generated: billed.Witnesses.Find(row.RequestId, row.Attempt)))
            .Where(pair => pair.Generated is not null)
            .ToList();
        Line(text, "tokens handed to writers (delivered)", _rows.Sum(row => row.Delivered));
        foreach (var (name, of) in kinds)
        {
            Line(text, $"{name} delivered to clients", calls.Sum(call => of(call.Received)));
            Line(text, $"{name} billed", _rows.Sum(row => of(row.Units)));
            Line(text, "  of rows that a worker's log has", witnessed.Sum(pair => of(pair.Row.Units)));
            Line(text, $"{name} computed for those rows", witnessed.Sum(pair => of(pair.Generated!.Value)));
            Line(text, $"{name} computed in all, retries too", billed.Witnesses.All.Sum(of));
        }

        Line(text, "billed, US dollars", _rows.Sum(row => row.Amount));
    }

    private void AppendVerdict(StringBuilder text)
    {
        text.AppendLine();
        IEnumerable<string> invariants =
            [.. CallAudit.Invariants, .. Books.Invariants, .. Tills.Invariants, .. LogScan.Invariants, "no part ends by itself"];
        foreach (var invariant in invariants)
        {
            var broken = violations.Where(violation => violation.Invariant == invariant).ToList();
            text.AppendLine(broken.Count == 0 ? $"holds   {invariant}" : $"BROKEN  {invariant}: {broken.Count}");
            foreach (var violation in broken.Take(ShownPerInvariant))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"          {violation.Evidence}");
            }
        }
    }

    private int Count(string invariant) => violations.Count(violation => violation.Invariant == invariant);

    private static void Line(StringBuilder text, string name, object value) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"{name,-48} {value}");
}
