using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tollgate.Contracts.Metering;
using Tollgate.ServiceDefaults.Telemetry;

namespace Tollgate.Inference.Telemetry;

/// <summary>A loaded model as metrics show it.</summary>
internal readonly record struct MeasuredModel(string Name, int Slots, int Active, int Queued);

/// <summary>The metrics of a worker. Tags are the model and small fixed sets, never an organization. Thread-safe.</summary>
public sealed class InferenceMetrics
{
    /// <summary>Name of the meter; the service listens to it by its application's name.</summary>
    internal const string MeterName = "Tollgate.Inference";

    private const string ModelTag = "gen_ai.request.model";
    private static readonly double[] ConstraintSeconds = [.000005, .00001, .00002, .00005, .0001, .0002, .0005, .001, .01, .1, 1];
    private static readonly double[] WorkSeconds = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60];
    private static readonly KeyValuePair<string, object?> Provider = new("gen_ai.provider.name", "tollgate");
    private readonly Meter _meter;
    private readonly DurationHistogram _queueTime;
    private readonly DurationHistogram _timeToFirstToken;
    private readonly DurationHistogram _timePerOutputToken;
    private readonly DurationHistogram _duration;
    private readonly DurationHistogram _stepDuration;
    private readonly DurationHistogram _constraintDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _guesses;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _calls;
    private readonly Counter<long> _changes;
    private readonly Counter<long> _groupEnds;
    private readonly Counter<long> _prefixHits;
    private readonly Counter<long> _prefixTokens;
    private readonly Counter<long> _prefixDrops;
    private readonly UpDownCounter<long> _prefixBlocks;
    private readonly UpDownCounter<long> _prefixBytes;

    public InferenceMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _timeToFirstToken = new DurationHistogram(
            _meter, "gen_ai.server.time_to_first_token", "Request read to first token chosen.", GenAiBuckets.FirstTokenSeconds);
        _timePerOutputToken = new DurationHistogram(
            _meter, "gen_ai.server.time_per_output_token", "Time of each token after the first, mean of a request.",
            GenAiBuckets.PerTokenSeconds);
        _duration = new DurationHistogram(
            _meter, "gen_ai.server.request.duration", "Request read to answer ended.", GenAiBuckets.RequestSeconds);
        _tokens = _meter.CreateCounter<long>(
            "tollgate.inference.tokens", "{token}", "Tokens computed or taken from the prefix cache, billed or not.");
        _queueTime = new DurationHistogram(_meter, "tollgate.inference.queue.duration", "Wait for the first slot.", WorkSeconds);
        _stepDuration = new DurationHistogram(
            _meter, "tollgate.inference.step.duration", "One decode step, sampling included.", WorkSeconds);
        _constraintDuration = new DurationHistogram(
            _meter, "tollgate.inference.constraint.duration", "Time that one token's constraint takes of a decode step.",
            ConstraintSeconds);
        _batchSize =
            _meter.CreateHistogram("tollgate.inference.step.rows", "{row}", "Answers in a decode step.", advice: new InstrumentAdvice<int>
        {
            HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256],
        });
        _guesses = _meter.CreateCounter<long>(
            "tollgate.inference.guesses", "{token}", "Guessed tokens that were computed in one step with others.");
        _refusals = _meter.CreateCounter<long>("tollgate.inference.refusals", "{request}", "Requests that were not run.");
        _calls = _meter.CreateCounter<long>("tollgate.inference.calls", "{call}", "Calls of functions in answers.");
        _changes = _meter.CreateCounter<long>(
            "tollgate.inference.model.changes", "{change}", "Versions of models that came into memory, or left it for others.");
        _groupEnds = _meter.CreateCounter<long>(
            "tollgate.inference.group.ends", "{process}", "Processes of groups that ended and are started again.");
        _prefixHits = _meter.CreateCounter<long>(
            "tollgate.inference.prefix.hits", "{hit}", "Times that a prompt's beginning was copied from the prefix cache.");
        _prefixTokens = _meter.CreateCounter<long>(
            "tollgate.inference.prefix.tokens", "{token}", "Prompt tokens that were copied instead of computed.");
        _prefixDrops = _meter.CreateCounter<long>(
            "tollgate.inference.prefix.drops", "{block}", "Blocks that left the prefix cache.");
        _prefixBlocks = _meter.CreateUpDownCounter<long>("tollgate.inference.prefix.blocks", "{block}", "Blocks in the prefix cache now.");
        _prefixBytes = _meter.CreateUpDownCounter<long>("tollgate.inference.prefix.size", "By", "Memory of the prefix cache now.");
    }

    /// <summary>A request got its first slot.</summary>
    public void Admitted(string model, TimeSpan queued) => _queueTime.Record(queued, new TagList { Tag(model) });

    /// <param name="reason"><c>queue_full</c>, <c>displaced</c>, <c>queue_timeout</c>, <c>draining</c>, <c>above_hold</c> or
    /// <c>template_failed</c>.</param>
    public void Refused(string model, string reason) => _refusals.Add(1, Tag(model), new("reason", reason));

    /// <param name="outcome"><c>whole</c>; <c>cut</c> by the output cap or a stop text; <c>unknown</c> for a function that the request does
    /// not have and <c>broken</c> for what is no JSON, which both stay text.</param>
    public void Called(string model, string outcome) => _calls.Add(1, Tag(model), new("outcome", outcome));

    /// <summary>A version of a model came into memory, or left it.</summary>
    /// <param name="change"><c>loaded</c>, <c>failed</c> for a load that failed, <c>evicted</c> for the memory of others, or
    /// <c>displaced</c> while requests still used it.</param>
    public void ModelChanged(string model, string change) => _changes.Add(1, Tag(model), new("change", change));

    /// <summary>The process of a group ended without an order.</summary>
    /// <param name="reason"><c>ended</c> by itself, or <c>hung</c>, for which the worker killed it.</param>
    public void GroupEnded(string group, string reason) => _groupEnds.Add(1, new("group", group), new("reason", reason));

    public void Decoded(string model, int rows, TimeSpan elapsed)
    {
        _stepDuration.Record(elapsed, new TagList { Tag(model) });
        _batchSize.Record(rows, Tag(model));
    }

    /// <summary>The beginning of a prompt was copied from the prefix cache.</summary>
    public void PrefixReused(string model, int tokens)
    {
        _prefixHits.Add(1, Tag(model));
        _prefixTokens.Add(tokens, Tag(model));
    }

    /// <summary>A block came into the prefix cache.</summary>
    public void PrefixKept(string model, long bytes)
    {
        _prefixBlocks.Add(1, Tag(model));
        _prefixBytes.Add(bytes, Tag(model));
    }

    /// <summary>A block left the prefix cache.</summary>
    /// <param name="reason"><c>evicted</c> for the memory of others, or <c>expired</c>.</param>
    public void PrefixDropped(string model, string reason, long bytes)
    {
        _prefixBlocks.Add(-1, Tag(model));
        _prefixBytes.Add(-bytes, Tag(model));
        _prefixDrops.Add(1, Tag(model), new("reason", reason));
    }

    /// <summary>A choice was fed guessed tokens, of which the first ones came true.</summary>
    public void Guessed(string model, int guessed, int used)
    {
        _guesses.Add(used, Tag(model), new("outcome", "used"));
        _guesses.Add(guessed - used, Tag(model), new("outcome", "wrong"));
    }

    /// <summary>A constraint restricted and took one token on the scheduler's thread.</summary>
    public void Constrained(string model, TimeSpan elapsed) => _constraintDuration.Record(elapsed, new TagList { Tag(model) });

    /// <param name="operation">The endpoint's name, such as <c>text_completion</c>.</param>
    public void FirstToken(string model, string operation, TimeSpan elapsed) =>
        _timeToFirstToken.Record(elapsed, new TagList { Tag(model), Operation(operation), Provider });

    /// <param name="operation">As for <see cref="FirstToken"/>.</param>
    /// <param name="outcome"><c>ok</c>, <c>cancelled</c> or <c>failed</c>.</param>
    public void Finished(string model, string operation, string outcome, TimeSpan elapsed) =>
        _duration.Record(elapsed, new TagList { Tag(model), Operation(operation), Provider, new("outcome", outcome) });

    /// <summary>A request computed its last token.</summary>
    /// <param name="isShadow">Whether it was the copy of another one.</param>
    public void Computed(string model, Units units, bool isShadow)
    {
        KeyValuePair<string, object?> shadow = new("shadow", isShadow);
        _tokens.Add(units.Input, Tag(model), new("gen_ai.token.type", "input"), shadow);
        _tokens.Add(units.Cached, Tag(model), new("gen_ai.token.type", "cached"), shadow);
        _tokens.Add(units.Completion, Tag(model), new("gen_ai.token.type", "output"), shadow);
    }

    /// <param name="operation">As for <see cref="FirstToken"/>.</param>
    /// <param name="sinceFirst">From the first token to the last.</param>
    /// <param name="tokens">Tokens of the longest choice.</param>
    public void Generated(string model, string operation, TimeSpan sinceFirst, int tokens)
    {
        if (tokens > 1)
        {
            _timePerOutputToken.Record(sinceFirst / (tokens - 1), new TagList { Tag(model), Operation(operation), Provider });
        }
    }

    /// <summary>Shows how busy the loaded models are.</summary>
    internal void ObserveModels(Func<IEnumerable<MeasuredModel>> models)
    {
        _meter.CreateObservableGauge(
            "tollgate.inference.slots", () => models().Select(model => Measure(model.Slots, model)), "{slot}",
            "Answers that the model computes at once.");
        _meter.CreateObservableGauge(
            "tollgate.inference.requests.active", () => models().Select(model => Measure(model.Active, model)), "{request}",
            "Requests in slots now.");
        _meter.CreateObservableGauge(
            "tollgate.inference.requests.queued", () => models().Select(model => Measure(model.Queued, model)), "{request}",
            "Requests that wait for a slot now.");
    }

    private static Measurement<int> Measure(int value, in MeasuredModel model) => new(value, Tag(model.Name));

    private static KeyValuePair<string, object?> Tag(string model) => new(ModelTag, model);

    private static KeyValuePair<string, object?> Operation(string operation) => new("gen_ai.operation.name", operation);
}
