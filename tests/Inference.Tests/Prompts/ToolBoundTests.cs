using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Prompts;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tests.Prompts;

/// <summary>The bound of a gateway for chats with functions, calls and results, against the ids that a worker feeds.</summary>
public sealed class ToolBoundTests
{
    private static readonly string[] Alphabets = ["abc xyz", "\"\\\n\t<>&'", "éßŉİΐ", "中文字", "😀🚀", "\u0001\u0007", "0123456789", ",:{}[]"];

    [Theory]
    [InlineData("Qwen")]
    [InlineData("Hermes")]
    [InlineData("FlatLlama")]
    [InlineData("Mistral")]
    [InlineData("NamedMistral")]
    [InlineData("Plain")]
    [InlineData("Alternating")]
    [InlineData("Xml")]
    public void No_random_request_with_functions_passes_the_bound(string template)
    {
        var random = new Random(5);
        var chat = TinyChat.Create(ToolTemplates.Get(template));
        var measure = ChatMeasurement.Measure(chat, TimeProvider.System);
        Assert.NotNull(measure.Tools);
        var compared = 0;
        for (var i = 0; i < 400; i++)
        {
            var request = MakeRequest(random);
            int used;
            try
            {
                used = chat.Encode(
                    [.. request.Messages.Select(message => new TemplateMessage(message.Role, message.Content, message.Name)
                    {
                        Calls = message.Calls,
                        CallId = message.CallId,
                    })],
                    request.Tools?.Definitions ?? []).Count;
            }
            catch (TemplateException exception) when (exception.RaisedByTemplate)
            {
                continue;
            }

            var bound = new PromptMeasure(1, 1, 0, measure).MostTokens(request);
            Assert.True(used <= bound, $"{used} tokens, bound {bound} by {measure}\n{string.Join('\n', request.Messages)}");
            compared++;
        }

        Assert.InRange(compared, 40, 400);
    }

    [Fact]
    public void A_template_that_indents_functions_has_no_bound_for_them_and_keeps_the_one_for_chats()
    {
        var measure = ChatMeasurement.Measure(TinyChat.Create(ToolTemplates.Llama), TimeProvider.System);

        Assert.Null(measure.Tools);
        Assert.Equal(1, measure.TokensPerByte);
    }

    [Fact]
    public void Functions_are_measured_with_little_to_spare()
    {
        var measure = ChatMeasurement.Measure(TinyChat.Create(ToolTemplates.Qwen), TimeProvider.System);

        // {"type": "function", "function": {"name": "", "description": "", "parameters": }} and a line break are 80 bytes; 43 more are the
        // parameters of a function that states none.
        Assert.Equal(1, measure.Tools!.TokensPerByte);
        Assert.InRange(measure.Tools.TokensPerTool, 80, 145);
    }

    private static ChatRequest MakeRequest(Random random)
    {
        var messages = new JsonArray();
        if (random.Next(3) == 0)
        {
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = MakeText(random) });
        }

        var ids = 0;
        for (var rounds = random.Next(1, 4); rounds > 0; rounds--)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = MakeText(random) });
            if (random.Next(3) == 0)
            {
                messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = MakeText(random) });
                continue;
            }

            var calls = new JsonArray();
            for (var count = random.Next(1, 4); count > 0; count--)
            {
                calls.Add(new JsonObject
                {
                    ["id"] = $"c{ids++}", ["type"] = "function",
                    ["function"] = new JsonObject
                    {
                        ["name"] = new string('f', random.Next(1, 65)),
                        ["arguments"] = random.Next(4) == 0 ? MakeText(random) : MakeJson(random, 3, isObject: true).ToJsonString(),
                    },
                });
            }

            messages.Add(new JsonObject
            {
                ["role"] = "assistant", ["content"] = random.Next(2) == 0 ? null : MakeText(random), ["tool_calls"] = calls,
            });
            foreach (var call in calls)
            {
                messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = (string)call!["id"]!, ["content"] = MakeText(random) });
            }
        }

        if (messages[^1]!["role"]!.GetValue<string>() == "assistant")
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = "x" });
        }

        var body = new JsonObject { ["model"] = "m", ["messages"] = messages };
        var tools = new JsonArray();
        for (var count = random.Next(0, random.Next(1, 10)); count > 0; count--)
        {
            var function = new JsonObject { ["name"] = $"f{count}" };
            if (random.Next(3) > 0)
            {
                function["description"] = MakeText(random);
            }

            if (random.Next(5) > 0)
            {
                function["parameters"] = MakeSchema(random, 4);
            }

            tools.Add(new JsonObject { ["type"] = "function", ["function"] = function });
        }

        if (tools.Count > 0)
        {
            body["tools"] = tools;
        }

        var text = body.ToJsonString(random.Next(2) == 0 ? new() : new() { WriteIndented = true });
        Assert.True(ChatRequest.TryParse(Encoding.UTF8.GetBytes(text), out var request, out var error), error?.Message);
        return request;
    }

    private static JsonObject MakeSchema(Random random, int depth)
    {
        var properties = new JsonObject();
        for (var count = random.Next(0, 6); count > 0; count--)
        {
            properties[$"{MakeText(random)}{count}"] = depth > 0 && random.Next(3) == 0 ? MakeSchema(random, depth - 1)
                : random.Next(3) switch
                {
                    0 => new JsonObject { ["type"] = "string", ["description"] = MakeText(random) },
                    1 => new JsonObject { ["enum"] = MakeJson(random, 1, isObject: false) },
                    _ => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "number" }, ["default"] = 1e14 },
                };
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties };
    }

    private static JsonNode MakeJson(Random random, int depth, bool isObject)
    {
        if (isObject)
        {
            var map = new JsonObject();
            for (var count = random.Next(0, 5); count > 0; count--)
            {
                map[$"{MakeText(random)}{count}"] = depth == 0 ? 1 : MakeJson(random, depth - 1, random.Next(2) == 0);
            }

            return map;
        }

        var list = new JsonArray();
        for (var count = random.Next(0, 9); count > 0; count--)
        {
            list.Add(random.Next(6) switch
            {
                0 => null,
                1 => JsonNode.Parse("1e20"),
                2 => JsonNode.Parse("123456789012345678901234567890"),
                3 => JsonNode.Parse("-0.5e-7"),
                4 => JsonValue.Create(true),
                _ => JsonValue.Create(MakeText(random)),
            });
        }

        return list;
    }

    private static string MakeText(Random random)
    {
        var text = new StringBuilder();
        for (var parts = random.Next(0, 4); parts > 0; parts--)
        {
            var runes = Alphabets[random.Next(Alphabets.Length)].EnumerateRunes().ToArray();
            for (var length = random.Next(1, 25); length > 0; length--)
            {
                text.Append(runes[random.Next(runes.Length)]);
            }
        }

        return text.ToString();
    }
}
