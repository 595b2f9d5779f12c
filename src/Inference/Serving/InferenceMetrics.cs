using System.Diagnostics.Metrics;

namespace Tollgate.Inference.Serving;

/// <summary>What a worker measures. Tags are the model and small fixed sets, never a tenant.</summary>
public sealed class InferenceMetrics
{
    private const string ModelTag = "gen_ai.request.model";
    private readonly Histogram<double> _queueTime;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Histogram<double> _timePerOutputToken;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _refusals;

    public InferenceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tollgate.Inference");
        var seconds =
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60] };
        _timeToFirstToken = meter.CreateHistogram(
            "gen_ai.server.time_to_first_token", "s", "Request read to first token chosen.", advice: seconds);
        _timePerOutputToken = meter.CreateHistogram(
            "gen_ai.server.time_per_output_token", "s", "Time of each token after the first, mean of a request.", advice: seconds);
        _duration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "Request read to answer ended.", advice: seconds);
        _tokens = meter.CreateCounter<long>("gen_ai.server.token.usage", "{token}", "Tokens computed.");
        _queueTime = meter.CreateHistogram("tollgate.inference.queue.duration", "s", "Wait for the first slot.", advice: seconds);
        _stepDuration = meter.CreateHistogram(
            "tollgate.inference.step.duration", "s", "One decode step, sampling included.", advice: seconds);
        _batchSize =
            meter.CreateHistogram("tollgate.inference.step.rows", "{row}", "Answers in a decode step.", advice: new InstrumentAdvice<int>
        {
            HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256],
        });
        _refusals = meter.CreateCounter<long>("tollgate.inference.refusals", "{request}", "Requests that were not run.");
    }

    /// <summary>A request got its first slot.</summary>
    public void Admitted(string model, TimeSpan queued) => _queueTime.Record(queued.TotalSeconds, Tag(model));

    /// <param name="reason"><c>queue_full</c>, <c>displaced</c>, <c>queue_timeout</c>, <c>draining</c>, <c>above_hold</c> or
    /// <c>template_failed</c>.</param>
    public void Refused(string model, string reason) => _refusals.Add(1, Tag(model), new("reason", reason));

    public void Decoded(string model, int rows, TimeSpan elapsed)
    {
        _stepDuration.Record(elapsed.TotalSeconds, Tag(model));
        _batchSize.Record(rows, Tag(model));
    }

    public void FirstToken(string model, TimeSpan elapsed) => _timeToFirstToken.Record(elapsed.TotalSeconds, Tag(model));

    /// <param name="operation"><c>chat</c>, <c>text_completion</c> or <c>embeddings</c>.</param>
    /// <param name="outcome"><c>ok</c>, <c>cancelled</c> or <c>failed</c>.</param>
    public void Finished(string model, string operation, string outcome, Contracts.Usage.Units units, TimeSpan elapsed)
    {
        _duration.Record(elapsed.TotalSeconds, Tag(model), new("gen_ai.operation.name", operation), new("outcome", outcome));
        _tokens.Add(units.Prompt, Tag(model), new("gen_ai.token.type", "input"));
        _tokens.Add(units.Completion, Tag(model), new("gen_ai.token.type", "output"));
    }

    /// <param name="sinceFirst">From the first token to the last.</param>
    /// <param name="tokens">Tokens of the longest choice.</param>
    public void Generated(string model, TimeSpan sinceFirst, int tokens)
    {
        if (tokens > 1)
        {
            _timePerOutputToken.Record(sinceFirst.TotalSeconds / (tokens - 1), Tag(model));
        }
    }

    private static KeyValuePair<string, object?> Tag(string model) => new(ModelTag, model);
}
