using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.OpenAi;

namespace Tollgate.Gateway.Metrics;

/// <summary>What the request path measures. Tags hold models, routes and kinds of error; never organizations, keys or requests.</summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "Tollgate.Gateway";

    private static readonly double[] Seconds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _broken;
    private readonly Counter<long> _replays;
    private readonly TimeProvider _clock;

    public GatewayMetrics(IMeterFactory factory, TimeProvider clock)
    {
        _clock = clock;
        var meter = factory.Create(MeterName);
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        _duration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "Request read to last byte written.", null, buckets);
        _firstToken = meter.CreateHistogram(
            "gen_ai.server.time_to_first_token", "s", "Request read to first token written.", null, buckets);
        _perToken = meter.CreateHistogram(
            "gen_ai.server.time_per_output_token", "s", "Time for each token after the first.", null, buckets);
        _tokens = meter.CreateCounter<long>("gen_ai.client.token.usage", "{token}", "Tokens charged.");
        _retries = meter.CreateCounter<long>(
            "tollgate.gateway.retries", "{retry}", "Attempts at a worker after the first one of a request.");
        _broken = meter.CreateCounter<long>("tollgate.gateway.broken_streams", "{stream}", "Streams that ended in an error frame.");
        _replays = meter.CreateCounter<long>(
            "tollgate.gateway.replays", "{answer}", "Kept answers that were sent again for their idempotency key.");
    }

    /// <summary>Another worker is tried for a request that has not shown anything to its client.</summary>
    public void Retried(string model) => _retries.Add(1, new KeyValuePair<string, object?>("gen_ai.request.model", model));

    /// <summary>A stream ended in an error frame.</summary>
    public void StreamBroken(string model) => _broken.Add(1, new KeyValuePair<string, object?>("gen_ai.request.model", model));

    /// <summary>A kept answer was sent again for its idempotency key.</summary>
    public void Replayed(string model) => _replays.Add(1, new KeyValuePair<string, object?>("gen_ai.request.model", model));

    /// <summary>A request of <c>/v1</c> is over.</summary>
    public void RequestEnded(ApiCall call, int status, TimeSpan elapsed)
    {
        var tags = new TagList
        {
            { "gen_ai.operation.name", Operation(call.Route) },
            { "gen_ai.request.model", call.Model ?? "" },
            { "http.response.status_code", status },
        };
        if (call.ErrorType is { } error)
        {
            tags.Add("error.type", error);
        }

        _duration.Record(elapsed.TotalSeconds, tags);
        if (call.Outcome is not null)
        {
            RecordTokens(call, elapsed);
        }
    }

    private void RecordTokens(ApiCall call, TimeSpan elapsed)
    {
        var model = new KeyValuePair<string, object?>("gen_ai.request.model", call.Model);
        var operation = new KeyValuePair<string, object?>("gen_ai.operation.name", Operation(call.Route));
        _tokens.Add(call.Units.Prompt, model, operation, new("gen_ai.token.type", "input"));
        _tokens.Add(call.Units.Completion, model, operation, new("gen_ai.token.type", "output"));
        if (call.FirstTokenAt is { } first)
        {
            var toFirst = _clock.GetElapsedTime(call.StartedAt, first);
            _firstToken.Record(toFirst.TotalSeconds, model, operation);
            if (call.Streamed && call.Units.Completion > 1)
            {
                _perToken.Record((elapsed - toFirst).TotalSeconds / (call.Units.Completion - 1), model, operation);
            }
        }
    }

    private static string Operation(string route) => route switch
    {
        KeyScopes.ChatCompletions => "chat",
        KeyScopes.Completions => "text_completion",
        KeyScopes.Embeddings => "embeddings",
        _ => route,
    };
}
