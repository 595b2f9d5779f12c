using System.Diagnostics.Metrics;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Requests whose answers are compared to the last bit: each token with its log-probability and those of the likeliest.</summary>
internal static class PrefixRuns
{
    /// <summary>Without the tokens that end an answer, so that each has its length.</summary>
    public static readonly Sampling Greedy = new()
    {
        Temperature = 0, Logprobs = 5, LogitBias = new Dictionary<int, float> { [0] = -100, [2] = -100 },
    };

    public static GenerationRequest Ask(
        IReadOnlyList<int[]> prompts, Guid organization, int output = 6, int choices = 1, Sampling? sampling = null, bool scores = false) =>
        new(new RequestIdentity(Guid.NewGuid(), 1, organization), prompts,
            new ChoicePlan(sampling ?? Greedy, choices, output, Seed: 7) { ScoresPrompt = scores }, _ => { });

    /// <summary>Runs a request to its end and returns what each choice chose and what was known of each of its tokens.</summary>
    public static async Task<string> RunAsync(DecoderScheduler scheduler, GenerationRequest request)
    {
        Assert.Null(scheduler.TryEnqueue(request));
        return await ReadAsync(request);
    }

    public static async Task<string> ReadAsync(GenerationRequest request)
    {
        var choices = request.Choices.Select(_ => new List<string>()).ToArray();
        await foreach (var step in request.Events.ReadAllAsync())
        {
            choices[step.Choice].AddRange(step.PromptTokens.Concat(step.Tokens).Select(Bits));
        }

        Assert.Null(request.Failure);
        return string.Join('\n', choices.Select(tokens => string.Join(' ', tokens)));
    }

    private static string Bits(TokenChoice choice) => string.Join(
        ',', choice.Best.Append(new TokenLogprob(choice.Token, choice.Logprob))
            .Select(token => $"{token.Token}:{BitConverter.SingleToInt32Bits(token.Logprob):x}"));
}

/// <summary>A worker's metrics, of which sums are read.</summary>
internal sealed class PrefixMeters : IMeterFactory
{
    private readonly Dictionary<string, long> _sums = [];
    private readonly MeterListener _listener = new();
    private Meter? _meter;

    public PrefixMeters()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            lock (_sums)
            {
                _sums[instrument.Name] = _sums.GetValueOrDefault(instrument.Name) + value;
                Most[instrument.Name] = Math.Max(Most.GetValueOrDefault(instrument.Name), _sums[instrument.Name]);
            }
        });
        _listener.Start();
        Metrics = new InferenceMetrics(this);
    }

    public InferenceMetrics Metrics { get; }

    /// <summary>The highest value that each sum had.</summary>
    public Dictionary<string, long> Most { get; } = [];

    public long this[string name]
    {
        get
        {
            lock (_sums)
            {
                return _sums.GetValueOrDefault($"tollgate.inference.prefix.{name}");
            }
        }
    }

    public Meter Create(MeterOptions options) => _meter = new Meter(options);

    public void Dispose() => _listener.Dispose();
}
