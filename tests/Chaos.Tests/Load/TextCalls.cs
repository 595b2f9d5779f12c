using System.Globalization;
using System.Text;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Calls with texts.</summary>
internal static class TextCalls
{
    private const string Weather = """
        {"type":"function","function":{"name":"get_weather","strict":true,"parameters":{"type":"object",
         "properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}
        """;

    /// <summary>A beginning that prompts share, long enough to be kept for later ones.</summary>
    private const string Rules =
        "You answer the guests of a small house by the sea. You are friendly and brief. You know the rooms, the garden and the boats. "
        + "You never promise a room that you have not seen. You say when you do not know. You speak of the weather only when asked.";

    public static CallPlan Chat(CallDraw draw)
    {
        var random = draw.Random;
        var stream = random.Next(100) < 75;
        var choices = random.Next(100) < 20 ? random.Next(2, 4) : 1;
        var cap = random.Next(1, 48);
        var body = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $$"""
            {"model":"{{draw.Model}}","max_tokens":{{cap}},"n":{{choices}},"temperature":0.9,"seed":{{random.Next()}},
             "messages":[{{Begin(random)}}{"role":"user","content":"{{draw.Words}}"}]
            """));
        if (stream)
        {
            body.Append(random.Next(4) == 0 ? ""","stream":true""" : ""","stream":true,"stream_options":{"include_usage":true}""");
        }

        var shape = Shape(random);
        return draw.Plan(body.Append(shape.Members).Append('}').ToString(), stream, $"{shape.Name}n={choices} cap={cap}");
    }

    /// <summary>By Anthropic's wire. One in four continues what the assistant has begun.</summary>
    public static CallPlan Message(CallDraw draw)
    {
        var random = draw.Random;
        var stream = random.Next(100) < 75;
        var cap = random.Next(1, 48);
        var begun = random.Next(4) == 0 ? """,{"role":"assistant","content":[{"type":"text","text":"Well"}]}""" : "";
        var messages = $$"""{"role":"user","content":"{{draw.Words}}"}{{begun}}""";
        return draw.Plan(
            string.Create(CultureInfo.InvariantCulture,
                $$"""
                {"model":"{{draw.Model}}","max_tokens":{{cap}},"temperature":0.9,"system":"{{Instructions(random)}}",
                 "messages":[{{messages}}],
                 "stream":{{(stream ? "true" : "false")}}}
                """),
            stream, $"n=1 cap={cap}");
    }

    /// <summary>One in four is not kept.</summary>
    public static CallPlan Response(CallDraw draw)
    {
        var random = draw.Random;
        var stream = random.Next(100) < 75;
        var cap = random.Next(1, 48);
        var store = random.Next(4) == 0 ? ",\"store\":false" : "";
        return draw.Plan(
            $$"""
            {"model":"{{draw.Model}}","max_output_tokens":{{cap}},"temperature":0.9,"seed":{{random.Next()}},
             "instructions":"{{Instructions(random)}}",
             "input":[{"role":"user","content":"{{draw.Words}}"}],"stream":{{(stream ? "true" : "false")}}{{store}}}
            """, stream, string.Create(CultureInfo.InvariantCulture, $"n=1 cap={cap}"));
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

    /// <summary>A response format with a schema.</summary>
    /// <param name="member">Name of a member in it.</param>
    public static string SchemaOf(string member) => $$$$"""
        {"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object","properties":{
         "{{{{member}}}}":{"type":"string","maxLength":60},"parts":{"type":"array","items":{"type":"integer"},"maxItems":9}},
         "required":["{{{{member}}}}","parts"],"additionalProperties":false}}}
        """;

    /// <summary>The shared beginning for one chat in two.</summary>
    private static string Begin(Random random) =>
        random.Next(2) == 0 ? $$"""{"role":"system","content":"{{Rules}}"},""" : "";

    private static string Instructions(Random random) => random.Next(2) == 0 ? Rules : "Be brief.";

    /// <summary>A format or functions for one chat in four.</summary>
    private static (string Name, string Members) Shape(Random random) => random.Next(12) switch
    {
        0 => ("object ", ",\"response_format\":{\"type\":\"json_object\"}"),
        1 => ("schema ", ",\"response_format\":" + SchemaOf("name")),
        2 => ("tools ", $",\"tools\":[{Weather}],\"tool_choice\":\"{(random.Next(2) == 0 ? "auto" : "required")}\""),
        _ => ("", ""),
    };
}
