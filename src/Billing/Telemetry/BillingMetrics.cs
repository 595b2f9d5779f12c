using System.Diagnostics.Metrics;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Telemetry;

namespace Tollgate.Billing.Telemetry;

/// <summary>What the books hold open, as one look at the database found it.</summary>
/// <param name="OpenEpochs">Epochs of leases whose money is not yet billed or returned.</param>
/// <param name="LeasedNanoUsd">That money, nano-dollars.</param>
/// <param name="RejectedUsage">Usage that waits for the operator.</param>
/// <param name="ParkedCheckouts">Paid checkouts that wait for a person.</param>
/// <param name="SilentJournals">Journals not heard for a minute that have neither signed off nor been retired.</param>
/// <param name="LastDifferences">Differences that the last run of each check found.</param>
/// <param name="OpenDifferences">Differences that wait for a person, by check and kind.</param>
internal sealed record BookFigures(
    long OpenEpochs, long LeasedNanoUsd, long RejectedUsage, long ParkedCheckouts, long SilentJournals,
    IReadOnlyList<(string Check, long Count)> LastDifferences, IReadOnlyList<(string Check, string Kind, long Count)> OpenDifferences);

/// <summary>The metrics of Billing. Tags are small fixed sets, never an organization. Thread-safe.</summary>
internal sealed class BillingMetrics
{
    /// <summary>Name of the meter; the service listens to it by its application's name.</summary>
    private const string MeterName = "Tollgate.Billing";

    private readonly Counter<long> _batches;
    private readonly Counter<long> _rows;
    private readonly Counter<long> _webhooks;
    private readonly DurationHistogram _lag;
    private readonly DurationHistogram _booking;
    private volatile BookFigures? _books;

    public BillingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _batches = meter.CreateCounter<long>("tollgate.billing.usage.batches", "{batch}", "Batches of usage from gateways.");
        _rows = meter.CreateCounter<long>("tollgate.billing.usage.rows", "{row}", "Usage rows in batches that were booked.");
        _lag = new DurationHistogram(
            meter, "tollgate.billing.usage.lag", "From the end of the oldest request of a batch to its booking.",
            0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400, 604800);
        _booking = new DurationHistogram(
            meter, "tollgate.billing.usage.booking.duration", "One batch, from its arrival to its commit.",
            0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30);
        _webhooks = meter.CreateCounter<long>("tollgate.billing.stripe.webhooks", "{event}", "Events that Stripe sent.");
        Gauge(meter, "tollgate.billing.leases.epochs", "{epoch}", "Epochs of leases that are still open.", books => books.OpenEpochs);
        Gauge(
            meter, "tollgate.billing.leases.nano_usd", "{nano_usd}", "Money in open leases, nano-dollars.",
            books => books.LeasedNanoUsd);
        Gauge(
            meter, "tollgate.billing.usage.rejected", "{row}", "Usage that could not be booked and waits for the operator.",
            books => books.RejectedUsage);
        Gauge(
            meter, "tollgate.billing.checkouts.parked", "{checkout}", "Paid checkouts that wait for a person.",
            books => books.ParkedCheckouts);
        Gauge(
            meter, "tollgate.billing.journals.silent", "{journal}",
            "Gateways' journals not heard for a minute that have neither signed off nor been retired.", books => books.SilentJournals);
        meter.CreateObservableGauge(
            "tollgate.billing.reconciliation.differences",
            () => (_books?.LastDifferences ?? []).Select(last => new Measurement<long>(last.Count, Check(last.Check))), "{difference}",
            "Differences that the last run of a check found.");
        meter.CreateObservableGauge(
            "tollgate.billing.reconciliation.open",
            () => (_books?.OpenDifferences ?? []).Select(
                open => new Measurement<long>(open.Count, Check(open.Check), new("kind", open.Kind))), "{difference}",
            "Differences that wait for a person.");
    }

    /// <summary>A batch was booked.</summary>
    /// <param name="oldest">From the end of its oldest request to now; null for a batch without usage.</param>
    public void BatchBooked(UsageBooked booked, TimeSpan elapsed, TimeSpan? oldest)
    {
        _batches.Add(1, Outcome("booked"));
        _rows.Add(booked.Inserted, Outcome("booked"));
        _rows.Add(booked.Duplicates, Outcome("duplicate"));
        _rows.Add(booked.Rejected, Outcome("rejected"));
        _booking.Record(elapsed);
        if (oldest is { } lag)
        {
            _lag.Record(lag);
        }
    }

    /// <summary>A batch of an older boot of its journal was refused.</summary>
    public void BatchRefused() => _batches.Add(1, Outcome("refused"));

    /// <param name="type">Stripe's name of the event; null for one that Stripe did not sign.</param>
    /// <param name="outcome"><c>processed</c>, <c>repeated</c>, <c>ignored</c>, <c>forged</c> or <c>failed</c>.</param>
    public void WebhookTaken(string? type, string outcome) =>
        _webhooks.Add(1, new KeyValuePair<string, object?>("type", Bounded(type)), Outcome(outcome));

    /// <summary>Replaces what the gauges of the books show.</summary>
    public void BooksSeen(BookFigures figures) => _books = figures;

    private void Gauge(Meter meter, string name, string unit, string description, Func<BookFigures, long> read) =>
        meter.CreateObservableGauge<long>(name, () => _books is { } books ? [new Measurement<long>(read(books))] : [], unit, description);

    /// <summary>Stripe has hundreds of types, and an endpoint gets those that its owner chose.</summary>
    private static string Bounded(string? type) => type switch
    {
        null => "unsigned",
        "checkout.session.completed" or "checkout.session.expired" or "checkout.session.async_payment_succeeded"
            or "checkout.session.async_payment_failed" => type,
        _ => "other",
    };

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);

    private static KeyValuePair<string, object?> Check(string check) => new("check", check);
}
