using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Answers that are held to a format, by a model that would not keep it of itself.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class FormatTests(WorkerFixture worker)
{
    private const string Path = "/v1/chat/completions";

    [Theory]
    [InlineData("""{"response_format":{"type":"json_object"}}""", """^\{.*\}$""")]
    [InlineData("""{"response_format":{"type":"regex","pattern":"[a-c]{3}-[0-9]{2}"}}""", "^[a-c]{3}-[0-9]{2}$")]
    [InlineData("""{"structured_outputs":{"choice":["yes","no","perhaps é"]}}""", "^(yes|no|perhaps é)$")]
    [InlineData("""{"guided_grammar":"root ::= (\"ab\" | \"cd\") \"!\""}""", "^(ab|cd)!$")]
    [InlineData("""{"response_format":{"type":"grammar","syntax":"lark","grammar":"start: \"x\" | \"yz\""}}""", "^(x|yz)$")]
    [InlineData(
        """
        {"response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,"schema":{"type":"object",
         "properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer","minimum":1,"maximum":99}},
         "required":["name","age"],"additionalProperties":false}}}}
        """,
        """^\{"name": ?".*", ?"age": ?[1-9][0-9]?\}$""")]
    public async Task An_answer_that_ends_by_itself_has_its_format(string member, string pattern)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            var body = Ask("Tell me a story.", member);
            (body["temperature"], body["seed"], body["max_tokens"]) = (1.5, seed, 200);

            using var response = await worker.PostAsync(Path, body);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

            Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
            var choice = answer["choices"]![0]!;
            Assert.Equal("stop", (string)choice["finish_reason"]!);
            Assert.Matches(new Regex(pattern, RegexOptions.Singleline), (string)choice["message"]!["content"]!);
            if (pattern.Contains("\\{", StringComparison.Ordinal))
            {
                JsonDocument.Parse((string)choice["message"]!["content"]!).Dispose();
            }
        }
    }

    [Theory]
    [InlineData("""{"response_format":{"type":"regex","pattern":"(?=a)b"}}""", "response_format.pattern", null)]
    [InlineData("""{"guided_grammar":"root ::= oops"}""", "guided_grammar", "oops")]
    [InlineData(
        """
        {"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"object",
         "properties":{"a":{"contentMediaType":"x","$dynamicRef":"#b"}}}}}}
        """,
        "response_format.json_schema.schema.properties.a", "$dynamicRef")]
    [InlineData(
        """
        {"response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,
         "schema":{"type":"object","properties":{}}}}}
        """,
        "response_format.json_schema.schema", "additionalProperties")]
    [InlineData("""{"response_format":{"type":"regex","pattern":"([a-z]{900}){900}"}}""", "response_format.pattern", null)]
    public async Task A_format_that_cannot_be_enforced_is_refused_by_name(string member, string param, string? named)
    {
        using var response = await worker.PostAsync(Path, Ask("Hi", member));
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal(400, (int)response.StatusCode);
        Assert.StartsWith(param, (string?)error["param"], StringComparison.Ordinal);
        Assert.Contains(named ?? "", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_format_beside_functions_leaves_the_choice_between_both()
    {
        var body = Ask("What is the weather in Lisbon?", """{"response_format":{"type":"json_object"}}""");
        body["tools"] = JsonNode.Parse(
            """
            [{"type":"function","function":{"name":"get_weather","description":"Get the current weather in a city",
              "parameters":{"type":"object","properties":{"city":{"type":"string","description":"Name of the city"}},"required":["city"]}}}]
            """);
        var other = body.DeepClone().AsObject();
        other["messages"] = JsonNode.Parse("""[{"role":"user","content":"Give me three animals as JSON."}]""");

        var called = JsonNode.Parse(await (await worker.PostAsync(Path, body)).Content.ReadAsStringAsync())!["choices"]![0]!;
        var said = JsonNode.Parse(await (await worker.PostAsync(Path, other)).Content.ReadAsStringAsync())!["choices"]![0]!;

        Assert.Equal("get_weather", (string)called["message"]!["tool_calls"]![0]!["function"]!["name"]!);
        Assert.True(
            said["message"]!["tool_calls"] is not null || JsonNode.Parse((string)said["message"]!["content"]!) is JsonObject,
            said.ToJsonString());
    }

    [Fact]
    public async Task A_held_answer_is_the_same_streamed_and_alone_or_among_others()
    {
        var bodies = Enumerable.Range(0, 6).Select(seed =>
        {
            var body = Ask("Tell me a story.", """{"response_format":{"type":"json_object"}}""");
            (body["temperature"], body["seed"], body["max_tokens"]) = (1.2, seed, 60);
            return body;
        }).ToList();
        var alone = new List<string>();
        foreach (var body in bodies)
        {
            alone.Add(await ContentAsync(body));
        }

        var together = await Task.WhenAll(bodies.Select(ContentAsync));
        bodies[0]["stream"] = true;
        var streamed = await Event.ReadAllAsync(
            await worker.PostAsync(Path, bodies[0], completion: HttpCompletionOption.ResponseHeadersRead));

        Assert.Equal(alone, together);
        Assert.Equal(alone[0], Event.Text(streamed));
    }

    private async Task<string> ContentAsync(JsonObject body)
    {
        using var response = await worker.PostAsync(Path, body.DeepClone());
        return (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!["message"]!["content"]!;
    }

    private static JsonObject Ask(string question, string member)
    {
        var body = JsonNode.Parse(member)!.AsObject();
        body["model"] = "tiny-assistant";
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question });
        return body;
    }
}
