using System.Globalization;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>What one call asks and when its client hangs up; drawn from the run's random numbers.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">JSON.</param>
/// <param name="LeaveAfterEvents">Events after which the client of a stream hangs up; null stays.</param>
/// <param name="LeaveAfter">Time after which the client hangs up, whatever came; null stays.</param>
internal sealed record CallPlan(string Path, string Body, bool Stream, string Kind, int? LeaveAfterEvents, TimeSpan? LeaveAfter)
{
    /// <summary>Sent as <c>Idempotency-Key</c>; null sends none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether it is a line of a batch, which a service sends through the internal door; only with a key.</summary>
    public bool IsBatchLine { get; init; }

    /// <summary>
    /// How often the call is made, one after the other and whatever came of those before; more than once only with a key.
    /// </summary>
    public int Times { get; init; } = 1;

    /// <summary>A file that goes along: the call is then a form, and the members of <see cref="Body"/> are its other parts.</summary>
    public Upload? Upload { get; init; }

    /// <summary>Path of recordings.</summary>
    public const string Transcriptions = "/v1/audio/transcriptions";

    /// <summary>Path of drawings.</summary>
    public const string Drawings = "/v1/images/generations";

    /// <summary>What a stream has delivered when the <c>id:</c> of its last event is <paramref name="id"/>.</summary>
    public Units Counted(long id) => Path switch
    {
        Transcriptions => new Units(0, AudioMs: id),
        Drawings => DrawingProgress.UnitsOf(default, id),
        _ => new Units(0, Output: id),
    };

    public HttpContent MakeContent()
    {
        if (Upload is null)
        {
            return new StringContent(Body, Encoding.UTF8, "application/json");
        }

        var form = new MultipartFormDataContent();
        using var members = JsonDocument.Parse(Body);
        foreach (var member in members.RootElement.EnumerateObject())
        {
            form.Add(new StringContent(member.Value.GetRawText().Trim('"')), member.Name);
        }

        form.Add(new ByteArrayContent(Upload.File), "file", Upload.Name);
        return form;
    }

    /// <summary>The call made again, by a client that stays.</summary>
    public CallPlan Again() => this with { LeaveAfterEvents = null, LeaveAfter = null, Kind = Kind + " again" };

    private static readonly string[] Questions =
    [
        "What is the capital of France?", "Name three colours.", "Why is the sky blue? Answer at length.", "Count from one to twenty.",
        "你好！请介绍一下你自己。", "Write a short story about a lighthouse.", "Hi",
    ];

    /// <summary>Mostly streamed chats; some unstreamed, some completions of fixed cost, some embeddings, rankings and predictions, some
    /// pictures and recordings; one in five with an idempotency key and made two or three times, of those every
    /// other one as a line of a batch.</summary>
    public static CallPlan Draw(Random random, MediaCalls media)
    {
        var plan = random.Next(100) switch
        {
            < 5 => Embedding(random),
            < 7 => Ranking(random),
            < 9 => Prediction(random),
            < 16 => media.Draw(random),
            < 25 => FixedCost(random),
            _ => Chat(random),
        };
        if (random.Next(5) > 0)
        {
            return plan;
        }

        var isBatchLine = random.Next(2) == 0;
        return plan with
        {
            IdempotencyKey = $"chaos-{random.NextInt64():x}-{random.NextInt64():x}", Times = random.Next(2, 4),
            IsBatchLine = isBatchLine, Kind = plan.Kind + (isBatchLine ? " batch line" : " keyed"),
        };
    }

    /// <summary>A call of any task, each as likely, by a client that stays.</summary>
    public static CallPlan DrawEvenly(Random random, MediaCalls media)
    {
        var plan = random.Next(6) switch
        {
            0 => Embedding(random),
            1 => Ranking(random),
            2 => Prediction(random),
            3 => FixedCost(random),
            4 => Chat(random),
            _ => media.Draw(random),
        };
        return plan with { LeaveAfterEvents = null, LeaveAfter = null };
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

/// <summary>A file of a form.</summary>
internal sealed record Upload(string Name, byte[] File);
