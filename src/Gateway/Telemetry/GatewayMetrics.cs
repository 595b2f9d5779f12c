using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.Telemetry;

namespace Tollgate.Gateway.Telemetry;

/// <summary>A request of <c>/v1</c> that is over, as metrics show it.</summary>
/// <param name="Endpoint">Null for a URL that is none of ours.</param>
/// <param name="Model">The model's real name; null when none was found.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="ErrorType">Type of the error that was sent, or null.</param>
/// <param name="Charged">What is charged; null for one that was not admitted.</param>
/// <param name="ToFirstToken">From the start to the first token or, for an answer in one piece, to the answer; null without one.</param>
internal readonly record struct EndedRequest(
    PublicEndpoint? Endpoint, string? Model, int Status, string? ErrorType, TimeSpan Elapsed, Units? Charged, TimeSpan? ToFirstToken,
    bool Streamed);

/// <summary>A worker as metrics show it.</summary>
internal readonly record struct MeasuredWorker(Uri Url, bool TakesRequests, bool Drained, int InFlight);

/// <summary>
/// What the request path measures. Tags hold models, routes, workers and kinds of error; never organizations, keys or requests.
/// Thread-safe.
/// </summary>
internal sealed class GatewayMetrics
{
    /// <summary>Name of the meter; the service listens to it by its application's name.</summary>
    public const string MeterName = "Tollgate.Gateway";

    private static readonly KeyValuePair<string, object?> Provider = new("gen_ai.provider.name", "tollgate");

    /// <summary>One endpoint a scope, those of the internal door too.</summary>
    private static readonly PublicEndpoint[] Endpoints =
        [.. PublicEndpoint.Served.Append(PublicEndpoint.TrainingRuns).DistinctBy(endpoint => endpoint.Scope)];

    private readonly int[] _inFlight = new int[Endpoints.Length];
    private readonly Meter _meter;
    private readonly DurationHistogram _duration;
    private readonly DurationHistogram _firstToken;
    private readonly DurationHistogram _perToken;
    private readonly DurationHistogram _admission;
    private readonly Histogram<long> _tokens;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _broken;
    private readonly Counter<long> _replays;
    private readonly Counter<long> _unkept;
    private readonly Counter<long> _shadows;
    private int _admitting;

    public GatewayMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _duration = new DurationHistogram(
            _meter, "gen_ai.server.request.duration", "Request read to last byte written.", GenAiBuckets.RequestSeconds);
        _firstToken = new DurationHistogram(
            _meter, "gen_ai.server.time_to_first_token", "Request read to first token written.", GenAiBuckets.FirstTokenSeconds);
        _perToken = new DurationHistogram(
            _meter, "gen_ai.server.time_per_output_token", "Time for each token after the first, mean of a stream.",
            GenAiBuckets.PerTokenSeconds);
        _tokens = _meter.CreateHistogram(
            "gen_ai.client.token.usage", "{token}", "Tokens charged for a request.", null, GenAiBuckets.Tokens);
        _admission = new DurationHistogram(
            _meter, "tollgate.gateway.admission.duration", "Wait for the admission, its queue, its script and leases included.",
            0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10);
        _retries = _meter.CreateCounter<long>(
            "tollgate.gateway.retries", "{retry}", "Attempts at a worker after the first one of a request.");
        _broken = _meter.CreateCounter<long>("tollgate.gateway.broken_streams", "{stream}", "Streams that ended in an error frame.");
        _replays = _meter.CreateCounter<long>(
            "tollgate.gateway.replays", "{answer}", "Kept answers that were sent again for their idempotency key.");
        _unkept = _meter.CreateCounter<long>(
            "tollgate.gateway.responses.unkept", "{response}", "Responses that were to be kept and were answered without.");
        _shadows = _meter.CreateCounter<long>(
            "tollgate.gateway.shadows", "{request}", "Copies of requests for versions that read along.");
        _meter.CreateObservableGauge(
            "tollgate.gateway.requests.in_flight", ObserveInFlight, "{request}", "Requests that run now, refused ones included.");
        _meter.CreateObservableGauge(
            "tollgate.gateway.admission.waiting", () => Volatile.Read(ref _admitting), "{request}",
            "Requests that wait for admission now.");
    }

    /// <summary>Another worker is tried for a request that has not shown anything to its client.</summary>
    public void Retried(string model) => _retries.Add(1, Model(model));

    /// <summary>A stream ended in an error frame.</summary>
    public void StreamBroken(string model) => _broken.Add(1, Model(model));

    /// <summary>A kept answer was sent again for its idempotency key.</summary>
    public void Replayed(string model) => _replays.Add(1, Model(model));

    /// <summary>A response was answered and is not kept.</summary>
    /// <param name="reason">Of a small fixed set.</param>
    public void ResponseNotKept(string reason) => _unkept.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>A copy of a request has ended.</summary>
    /// <param name="outcome"><c>answered</c>, <c>failed</c>, or <c>dropped</c> where no place was left for it.</param>
    public void ShadowEnded(string model, string outcome) =>
        _shadows.Add(1, Model(model), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>An admission or a check begins; <see cref="AdmissionEnded"/> follows.</summary>
    public void AdmissionStarted() => Interlocked.Increment(ref _admitting);

    /// <param name="outcome">Of a small fixed set.</param>
    public void AdmissionEnded(string outcome, TimeSpan elapsed)
    {
        Interlocked.Decrement(ref _admitting);
        _admission.Record(elapsed, new TagList { { "outcome", outcome } });
    }

    /// <summary>A request of an endpoint runs; <see cref="RequestEnded"/> follows.</summary>
    public void RequestStarted(PublicEndpoint endpoint) => Interlocked.Increment(ref InFlightOf(endpoint));

    /// <summary>A request of <c>/v1</c> is over.</summary>
    public void RequestEnded(in EndedRequest request)
    {
        if (request.Endpoint is not null)
        {
            Interlocked.Decrement(ref InFlightOf(request.Endpoint));
        }

        var operation = new KeyValuePair<string, object?>("gen_ai.operation.name", request.Endpoint?.Operation ?? "unknown");
        var tags = new TagList { operation, Provider, new("http.response.status_code", request.Status) };
        if (request.Model is not null)
        {
            tags.Add(Model(request.Model));
        }

        if (request.ErrorType is not null)
        {
            tags.Add("error.type", request.ErrorType);
        }

        _duration.Record(request.Elapsed, tags);
        if (request is { Charged: { } units, Model: { } model })
        {
            RecordTokens(request, units, new TagList { operation, Provider, Model(model) });
        }
    }

    /// <summary>Shows the workers that the directory has, by address.</summary>
    public void ObserveWorkers(Func<IEnumerable<MeasuredWorker>> workers)
    {
        _meter.CreateObservableGauge(
            "tollgate.gateway.worker.circuit_open",
            () => workers().Select(worker => Measure(worker.TakesRequests ? 0 : 1, worker)), null,
            "1 while the worker gets no requests because it does not answer or failed several times in a row, else 0.");
        _meter.CreateObservableGauge(
            "tollgate.gateway.worker.drained", () => workers().Select(worker => Measure(worker.Drained ? 1 : 0, worker)), null,
            "1 while the operator has taken the worker out, else 0.");
        _meter.CreateObservableGauge(
            "tollgate.gateway.worker.in_flight", () => workers().Select(worker => Measure(worker.InFlight, worker)), "{request}",
            "Requests of this gateway that the worker runs now.");
    }

    /// <summary>Shows what Billing has not yet acknowledged.</summary>
    /// <param name="bytes">Of the journal.</param>
    /// <param name="age">Of the oldest ended request that is not acknowledged; zero without one.</param>
    public void ObserveJournal(Func<long> bytes, Func<TimeSpan> age)
    {
        _meter.CreateObservableGauge(
            "tollgate.gateway.journal.unshipped", bytes, "By",
            "Journal from what Billing acknowledged to its end; a running request keeps all behind its start.");
        _meter.CreateObservableGauge(
            "tollgate.gateway.journal.unshipped.age", () => age().TotalSeconds, "s",
            "Age of the oldest ended request that Billing has not acknowledged; 0 without one.");
    }

    private void RecordTokens(in EndedRequest request, Units units, in TagList tags)
    {
        var input = tags;
        input.Add("gen_ai.token.type", "input");
        _tokens.Record(units.Prompt, input);
        var output = tags;
        output.Add("gen_ai.token.type", "output");
        _tokens.Record(units.Completion, output);
        if (request.ToFirstToken is { } toFirst)
        {
            _firstToken.Record(toFirst, tags);
            if (request.Streamed && units.Completion > 1)
            {
                _perToken.Record((request.Elapsed - toFirst) / (units.Completion - 1), tags);
            }
        }
    }

    private IEnumerable<Measurement<int>> ObserveInFlight() => Endpoints.Select(endpoint => new Measurement<int>(
        Volatile.Read(ref InFlightOf(endpoint)), new KeyValuePair<string, object?>("gen_ai.operation.name", endpoint.Operation)));

    private ref int InFlightOf(PublicEndpoint endpoint)
    {
        for (var i = 0; i < _inFlight.Length; i++)
        {
            if (Endpoints[i].Scope == endpoint.Scope)
            {
                return ref _inFlight[i];
            }
        }

        throw new ArgumentException("The endpoint's scope is not in the list of all.", nameof(endpoint));
    }

    private static KeyValuePair<string, object?> Model(string model) => new("gen_ai.request.model", model);

    private static Measurement<int> Measure(int value, in MeasuredWorker worker) =>
        new(value, new KeyValuePair<string, object?>("worker", worker.Url.Authority));
}
