using System.Globalization;
using System.Text;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Calls with texts.</summary>
internal static class TextCalls
{
    public static CallPlan Chat(CallDraw draw)
    {
        var random = draw.Random;
        var stream = random.Next(100) < 75;
        var choices = random.Next(100) < 20 ? random.Next(2, 4) : 1;
        var cap = random.Next(1, 48);
        var body = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $$"""
            {"model":"{{draw.Model}}","max_tokens":{{cap}},"n":{{choices}},"temperature":0.9,"seed":{{random.Next()}},
             "messages":[{"role":"user","content":"{{draw.Words}}"}]
            """));
        if (stream)
        {
            body.Append(random.Next(4) == 0 ? ""","stream":true""" : ""","stream":true,"stream_options":{"include_usage":true}""");
        }

        return draw.Plan(body.Append('}').ToString(), stream, $"n={choices} cap={cap}");
    }

    public static CallPlan FixedCost(CallDraw draw)
    {
        var stream = draw.Random.Next(2) == 0;
        return draw.Plan(
            $$"""{"model":"{{draw.Model}}","prompt":[40,41,42,43],"max_tokens":1,"stream":{{(stream ? "true" : "false")}}}""", stream,
            "n=1 cap=1");
    }

    public static CallPlan Embedding(CallDraw draw) => draw.Plan($$"""{"model":"{{draw.Model}}","input":["{{draw.Words}}","gate"]}""");

    public static CallPlan Ranking(CallDraw draw) => draw.Plan(
        $$"""{"model":"{{draw.Model}}","query":"{{draw.Words}}","documents":["a gate","a lighthouse"]}""");

    /// <summary>One in four is explained.</summary>
    public static CallPlan Classification(CallDraw draw)
    {
        var explain = draw.Random.Next(4) == 0 ? ""","explain":{"steps":33}""" : "";
        return draw.Plan($$"""{"model":"{{draw.Model}}","input":["{{draw.Words}}","I love it"],"top_n":2{{explain}}}""");
    }

    public static CallPlan Prediction(CallDraw draw) => draw.Plan($$"""{"data":["{{draw.Words}}","I love it"]}""");

    public static CallPlan Moderation(CallDraw draw) => draw.Plan(
        $$"""{"model":"{{draw.Model}}","input":["{{draw.Words}}","I hate it"]}""");
}
