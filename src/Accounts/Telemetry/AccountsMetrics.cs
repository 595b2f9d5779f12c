using System.Diagnostics.Metrics;

namespace Tollgate.Accounts.Telemetry;

/// <summary>What waits in the outbox.</summary>
/// <param name="Kind">Name of the messages' kind.</param>
/// <param name="Age">Of the oldest one.</param>
internal readonly record struct WaitingMessages(string Kind, long Count, TimeSpan Age);

/// <summary>The metrics of Accounts. Tags are small fixed sets, never an organization or a user. Thread-safe.</summary>
internal sealed class AccountsMetrics
{
    /// <summary>Name of the meter; the service listens to it by its application's name.</summary>
    private const string MeterName = "Tollgate.Accounts";

    private readonly Counter<long> _deliveries;
    private readonly Counter<long> _signIns;
    private readonly Counter<long> _lookUps;
    private volatile IReadOnlyList<WaitingMessages> _waiting = [];
    private long _auditBreaks;

    public AccountsMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _deliveries = meter.CreateCounter<long>(
            "tollgate.accounts.outbox.deliveries", "{attempt}", "Attempts to deliver a message of the outbox: mails, records, wallets.");
        _signIns = meter.CreateCounter<long>("tollgate.accounts.sign_ins", "{attempt}", "Sign-ins by password, passkey and code.");
        _lookUps = meter.CreateCounter<long>(
            "tollgate.accounts.key_lookups", "{lookup}", "Keys that gateways did not find in Redis and asked for.");
        meter.CreateObservableGauge(
            "tollgate.accounts.outbox.waiting", () => _waiting.Select(waiting => new Measurement<long>(waiting.Count, Kind(waiting.Kind))),
            "{message}", "Messages that wait in the outbox.");
        meter.CreateObservableGauge(
            "tollgate.accounts.outbox.age",
            () => _waiting.Select(waiting => new Measurement<double>(waiting.Age.TotalSeconds, Kind(waiting.Kind))),
            "s", "Age of the oldest message that waits; 0 without one.");
        meter.CreateObservableGauge(
            "tollgate.accounts.audit.breaks", () => Interlocked.Read(ref _auditBreaks), "{break}",
            "Breaks of the audit log's chains; 0 when all hold.");
    }

    /// <param name="kind">Name of the message's kind.</param>
    /// <param name="outcome"><c>delivered</c>, <c>failed</c> (tried again) or <c>dropped</c>.</param>
    public void Delivered(string kind, string outcome) => _deliveries.Add(1, Kind(kind), Outcome(outcome));

    /// <param name="outcome"><c>signed_in</c>, <c>needs_code</c>, <c>unconfirmed</c>, <c>refused</c>, <c>expired</c> or
    /// <c>limited</c>.</param>
    public void SignedIn(string outcome) => _signIns.Add(1, Outcome(outcome));

    /// <param name="outcome"><c>found</c>, <c>unknown</c> or <c>redis_away</c>.</param>
    public void KeyLookedUp(string outcome) => _lookUps.Add(1, Outcome(outcome));

    /// <summary>Replaces what the gauges of the outbox show.</summary>
    public void OutboxSeen(IReadOnlyList<WaitingMessages> waiting) => _waiting = waiting;

    /// <summary>Replaces what the gauge of the audit log shows.</summary>
    public void AuditVerified(long breaks) => Interlocked.Exchange(ref _auditBreaks, breaks);

    private static KeyValuePair<string, object?> Kind(string kind) => new("kind", kind);

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);
}
