using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Workers;

/// <summary>What a worker can do for requests of a version.</summary>
/// <param name="IsReady">Whether it has the version in memory; else a request loads it.</param>
/// <param name="Load">Requests in the worker for each slot.</param>
internal readonly record struct WorkerOffer(bool IsReady, double Load);

/// <summary>
/// One worker as this gateway sees it. The poller alone writes its status; requests count themselves in and out and report failures. The
/// circuit is closed (requests go), or open until the poller's next look succeeds: the poller is the half-open probe, so that no customer's
/// request is. Thread-safe.
/// </summary>
internal sealed class Worker(Uri url, int failuresToOpen)
{
    private volatile Report? _report;
    private volatile bool _answers;
    private volatile bool _drained;
    private int _failures;
    private int _inFlight;

    public Uri Url { get; } = url;

    /// <summary>The last status it gave; kept while it is away, so that its models stay known.</summary>
    public WorkerStatus? Status => _report?.Status;

    /// <summary>The operator wants it to get nothing new.</summary>
    public bool Drained
    {
        get => _drained;
        set => _drained = value;
    }

    /// <summary>Requests of this gateway that it runs now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Answers polls and its circuit is closed.</summary>
    public bool Healthy => _answers && Volatile.Read(ref _failures) < failuresToOpen;

    /// <summary>What it can do for requests of a version of a model, and the load that decides between workers: requests in it for each
    /// slot. Null when it cannot take one. Requests of this gateway are counted as they come and go, those of others as the worker stated
    /// them last.</summary>
    /// <param name="version">Null for any.</param>
    public WorkerOffer? OfferFor(string model, string? version)
    {
        var report = _report;
        if (report is null || report.Status.Draining || Drained || !Healthy)
        {
            return null;
        }

        WorkerOffer? offer = null;
        foreach (var served in report.Status.Models)
        {
            if (served.Card.Name == model && (version is null || served.Card.Version == version) && Takes(served)
                && offer is not { IsReady: true })
            {
                offer = new WorkerOffer(served.Ready, (InFlight + report.Others) / (double)Math.Max(1, served.Slots));
            }
        }

        return offer;
    }

    /// <summary>The poller's look succeeded; closes the circuit.</summary>
    public void Answered(WorkerStatus status)
    {
        var stated = status.Models.Sum(served => served.Active + served.Queued);
        _report = new Report(status, Math.Max(0, stated - InFlight));
        Volatile.Write(ref _failures, 0);
        _answers = true;
    }

    /// <summary>Nothing listens there: no request goes to it before it answers again.</summary>
    public void Refused() => _answers = false;

    /// <summary>A request or a look failed without an answer.</summary>
    public void Failed() => Interlocked.Increment(ref _failures);

    /// <summary>A request got an answer, whatever it was.</summary>
    public void Served() => Volatile.Write(ref _failures, 0);

    public void Enter() => Interlocked.Increment(ref _inFlight);

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    public FleetWorker ToFleet() => new(Url.ToString(), Healthy, Healthy ? Status : null, InFlight);

    private static bool Takes(ServedModel served) => served.Ready || served.State == ModelState.Idle;

    /// <param name="Others">Requests in it that are not this gateway's.</param>
    private sealed record Report(WorkerStatus Status, int Others);
}
