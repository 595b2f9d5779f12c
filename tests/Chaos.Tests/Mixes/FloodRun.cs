using System.Globalization;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Chaos.Tests.Mixes;

/// <summary>One organization's text stream alone and beside another one's flood, in turns.</summary>
internal sealed class FloodRun(MixRun run, TimeProvider clock)
{
    private const int Rounds = 5;
    private const int Clients = 24;
    private const int Tokens = 200;

    private static readonly CallPlan Stream = new(
        "/v1/chat/completions",
        $$"""
        {"model":"tiny-assistant","max_tokens":{{Tokens}},"stream":true,"temperature":0,"logit_bias":{"0":-100,"2":-100},
         "messages":[{"role":"user","content":"Tell me a story."}]}
        """,
        true, "chat stream", null, null);

    /// <summary>Chats with a format: each has a schema that nobody has asked for before.</summary>
    public Task<FloodResult> RunWithSchemasAsync()
    {
        var number = 0;
        return RunAsync("schemas", () => new CallPlan(
            PublicEndpoint.ChatCompletions.Path,
            $$"""
            {"model":"tiny-assistant","max_tokens":60,"messages":[{"role":"user","content":"Name three colours."}],
             "response_format":{{TextCalls.SchemaOf($"member{Interlocked.Increment(ref number)}")}}}
            """,
            false, "chat schema", null, null));
    }

    public Task<FloodResult> RunAsync(CallKind flood)
    {
        var plan = flood.Sample();
        return RunAsync(flood.Name, () => plan);
    }

    private async Task<FloodResult> RunAsync(string name, Func<CallPlan> next)
    {
        var (reader, flooder) = (await run.FoundAsync("reader"), await run.FoundAsync("flooder"));
        List<double> alone = [], beside = [];
        var answers = 0;
        for (var round = 0; round < Rounds; round++)
        {
            alone.Add(await MeasureAsync(reader.Keys[0]));
            using var stop = new CancellationTokenSource();
            var flooding = Enumerable.Range(0, Clients).Select(client => FloodAsync(flooder.Keys[0], next, client, stop.Token)).ToArray();
            await Task.Delay(TimeSpan.FromSeconds(1), clock, CancellationToken.None); // Until their queues are full.
            beside.Add(await MeasureAsync(reader.Keys[0]));
            await stop.CancelAsync();
            answers += (await Task.WhenAll(flooding)).Sum();
        }

        return new FloodResult(name, alone, beside, answers);
    }

    /// <summary>Seconds of the stream.</summary>
    private async Task<double> MeasureAsync(CustomerKey key)
    {
        var call = await run.CallAsync(key, Stream, 0);
        return call is { End: CallEnd.Whole, Received.Completion: Tokens }
            ? (call.EndedAt - call.StartedAt).TotalSeconds
            : throw new InvalidOperationException($"The stream ended with {call.Status} {call.End} after {call.Received}: {call.Detail}");
    }

    private async Task<int> FloodAsync(CustomerKey key, Func<CallPlan> next, int client, CancellationToken stop)
    {
        var answers = 0;
        while (!stop.IsCancellationRequested)
        {
            answers += (await run.CallAsync(key, next(), client, stop)).End == CallEnd.Whole ? 1 : 0;
        }

        return answers;
    }
}

/// <summary>How a text stream fared beside a flood.</summary>
/// <param name="Alone">Seconds of each stream alone.</param>
/// <param name="Beside">Seconds of each stream beside the flood.</param>
/// <param name="Answers">Answers to the flood.</param>
internal sealed record FloodResult(string Flood, IReadOnlyList<double> Alone, IReadOnlyList<double> Beside, int Answers)
{
    /// <summary>Half is the share of one of two organizations; some of it is left to noise.</summary>
    public const double LeastShare = 0.45;

    /// <summary>Pace beside the flood as a part of the pace alone, of the medians.</summary>
    public double Share => Median(Alone) / Median(Beside);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"flood of {Flood}: a stream takes {Median(Alone):0.00} s alone, {Median(Beside):0.00} s beside it: {Share:0.00} of its pace; "
        + $"{Answers} answers to the flood");

    private static double Median(IReadOnlyList<double> seconds) => seconds.Order().ElementAt(seconds.Count / 2);
}
