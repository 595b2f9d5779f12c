using System.Globalization;
using System.Text;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>What one call asks and when its client hangs up; drawn from the run's random numbers.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="LeaveAfterEvents">Events after which the client of a stream hangs up; null stays.</param>
/// <param name="LeaveAfter">Time after which the client hangs up, whatever came; null stays.</param>
internal sealed record CallPlan(string Path, string Body, bool Stream, string Kind, int? LeaveAfterEvents, TimeSpan? LeaveAfter)
{
    /// <summary>Sent as <c>Idempotency-Key</c>; null sends none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// How often the call is made, one after the other and whatever came of those before; more than once only with a key.
    /// </summary>
    public int Times { get; init; } = 1;

    /// <summary>The call made again, by a client that stays.</summary>
    public CallPlan Again() => this with { LeaveAfterEvents = null, LeaveAfter = null, Kind = Kind + " again" };

    private static readonly string[] Questions =
    [
        "What is the capital of France?", "Name three colours.", "Why is the sky blue? Answer at length.", "Count from one to twenty.",
        "你好！请介绍一下你自己。", "Write a short story about a lighthouse.", "Hi",
    ];

    /// <summary>Mostly streamed chats; some unstreamed, some completions of fixed cost, some embeddings, rankings and predictions; one in
    /// five with an idempotency key and made two or three times.</summary>
    public static CallPlan Draw(Random random)
    {
        var plan = random.Next(100) switch
        {
            < 5 => Embedding(random),
            < 7 => Ranking(random),
            < 9 => Prediction(random),
            < 20 => FixedCost(random),
            _ => Chat(random),
        };
        return random.Next(5) == 0
            ? plan with
            {
                IdempotencyKey = $"chaos-{random.NextInt64():x}-{random.NextInt64():x}", Times = random.Next(2, 4),
                Kind = plan.Kind + " keyed",
            }
            : plan;
    }

    private static CallPlan Chat(Random random)
    {
        var stream = random.Next(100) < 75;
        var choices = random.Next(100) < 20 ? random.Next(2, 4) : 1;
        var cap = random.Next(1, 48);
        var body = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $$"""
            {"model":"tiny-assistant","max_tokens":{{cap}},"n":{{choices}},"temperature":0.9,"seed":{{random.Next()}},
             "messages":[{"role":"user","content":"{{Questions[random.Next(Questions.Length)]}}"}]
            """));
        if (stream)
        {
            body.Append(random.Next(4) == 0 ? ""","stream":true""" : ""","stream":true,"stream_options":{"include_usage":true}""");
        }

        int? leaveAfterEvents = stream && random.Next(100) < 20 ? random.Next(1, 12) : null;
        TimeSpan? leaveAfter = random.Next(100) < 8 ? TimeSpan.FromMilliseconds(random.Next(1, 400)) : null;
        return new CallPlan(
            "/v1/chat/completions", body.Append('}').ToString(), stream, $"chat{(stream ? " stream" : "")} n={choices} cap={cap}",
            leaveAfterEvents, leaveAfter);
    }

    private static CallPlan FixedCost(Random random)
    {
        var stream = random.Next(2) == 0;
        return new CallPlan(
            "/v1/completions",
            $$"""{"model":"tiny-assistant","prompt":[40,41,42,43],"max_tokens":1,"stream":{{(stream ? "true" : "false")}}}""",
            stream, $"completion{(stream ? " stream" : "")} n=1 cap=1", null, null);
    }

    private static CallPlan Ranking(Random random) => new(
        "/v1/rerank", $$"""{"model":"tiny-embed","query":"{{Questions[random.Next(4)]}}","documents":["a gate","a lighthouse"]}""", false,
        "ranking", null, null);

    private static CallPlan Prediction(Random random) => new(
        "/predict", $$"""{"data":["{{Questions[random.Next(4)]}}","I love it"]}""", false, "prediction", null, null);

    private static CallPlan Embedding(Random random) => new(
        "/v1/embeddings",
        $$"""{"model":"tiny-embed","input":["{{Questions[random.Next(4)]}}","gate"]}""",
        false, "embedding", null, null);
}
