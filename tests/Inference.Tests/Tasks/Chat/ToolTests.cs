using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;
using Xunit.Abstractions;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Calls of functions by tiny-assistant, which was trained on these ones.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class ToolTests(WorkerFixture worker, ITestOutputHelper output)
{
    private const string Path = "/v1/chat/completions";

    private static readonly string Weather = Function(
        "get_weather", "Get the current weather in a city", """{"city":{"type":"string","description":"Name of the city"}}""");

    private static readonly string Add = Function(
        "add", "Add two numbers",
        """{"a":{"type":"number","description":"First number"},"b":{"type":"number","description":"Second number"}}""");

    [Fact]
    public async Task The_model_calls_a_function_and_answers_from_its_result()
    {
        var body = Ask("What is the weather in Lisbon?", Weather);

        var called = await AnswerAsync(body);
        var call = Assert.Single(called["message"]!["tool_calls"]!.AsArray())!;
        body["messages"]!.AsArray().Add(called["message"]!.DeepClone());
        body["messages"]!.AsArray().Add(new JsonObject
        {
            ["role"] = "tool", ["tool_call_id"] = (string)call["id"]!, ["content"] = """{"temperature": 21, "condition": "sunny"}""",
        });
        var answered = await AnswerAsync(body);

        Assert.Equal("tool_calls", (string)called["finish_reason"]!);
        Assert.Null(called["message"]!["content"]);
        Assert.Matches("^call_[A-Za-z0-9]{24}$", (string)call["id"]!);
        Assert.Equal("function", (string)call["type"]!);
        Assert.Equal("get_weather", (string)call["function"]!["name"]!);
        Assert.Equal("""{"city": "Lisbon"}""", (string)call["function"]!["arguments"]!);
        Assert.Equal("stop", (string)answered["finish_reason"]!);
        Assert.Equal("It is 21 degrees and sunny in Lisbon.", (string)answered["message"]!["content"]!);
        Assert.Null(answered["message"]!["tool_calls"]);
    }

    [Theory]
    [InlineData("auto", 1)]
    [InlineData("required", 1)]
    [InlineData("required", 3)]
    [InlineData("""{"type":"function","function":{"name":"add"}}""", 2)]
    public async Task A_streamed_call_is_the_unstreamed_one_with_its_id_once(string choice, int n)
    {
        var body = Ask("What is the weather in Lisbon?", Weather, Add);
        (body["tool_choice"], body["n"], body["seed"]) = (choice[0] == '{' ? JsonNode.Parse(choice) : choice, n, 5);
        body["temperature"] = n > 1 ? 1.2 : 0;
        body["max_tokens"] = 60;
        var request = Guid.NewGuid();

        var whole = await ReadAsync(await worker.PostAsync(Path, body.DeepClone(), request));
        body["stream"] = true;
        var events = await Event.ReadAllAsync(await worker.PostAsync(Path, body, request, HttpCompletionOption.ResponseHeadersRead));

        for (var index = 0; index < n; index++)
        {
            var expected = whole["choices"]![index]!;
            var chunks = events.Where(item => item.Data != "[DONE]").Select(item => item.Choice!)
                .Where(chunk => (int)chunk["index"]! == index).ToList();
            var pieces = chunks.SelectMany(chunk => chunk["delta"]!["tool_calls"]?.AsArray() ?? []).ToList();
            var calls = expected["message"]!["tool_calls"]?.AsArray() ?? [];
            Assert.Equal(
                (string?)expected["message"]!["content"] ?? "",
                string.Concat(chunks.Select(chunk => (string?)chunk["delta"]!["content"])));
            Assert.Equal((string)expected["finish_reason"]!, (string?)chunks[^1]["finish_reason"]);
            Assert.Equal(calls.Count, pieces.Count(piece => piece!["id"] is not null));
            Assert.True(calls.Count > 0 || n > 1, expected.ToJsonString());
            for (var call = 0; call < calls.Count; call++)
            {
                var mine = pieces.Where(piece => (int)piece!["index"]! == call).ToList();
                Assert.Equal((string)calls[call]!["id"]!, (string?)mine[0]!["id"]);
                Assert.Equal((string)calls[call]!["function"]!["name"]!, (string?)mine[0]!["function"]!["name"]);
                Assert.Equal(
                    (string)calls[call]!["function"]!["arguments"]!,
                    string.Concat(mine.Select(piece => (string)piece!["function"]!["arguments"]!)));
            }
        }
    }

    [Theory]
    [InlineData("Tell me a joke.")]
    [InlineData("What is the capital of France?")]
    [InlineData("你好，你是谁？")]
    public async Task A_required_call_is_made_whatever_is_asked_and_streams_in_pieces(string question)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var body = Ask(question, Weather, Add);
            (body["tool_choice"], body["temperature"], body["seed"], body["max_tokens"]) = ("required", 1.5, seed, 120);

            var choice = await AnswerAsync(body);

            var calls = choice["message"]!["tool_calls"]!.AsArray();
            Assert.NotEmpty(calls);
            Assert.Null(choice["message"]!["content"]);
            if ((string)choice["finish_reason"]! == "tool_calls")
            {
                Assert.All(calls, call =>
                {
                    Assert.Contains((string)call!["function"]!["name"]!, (string[])["get_weather", "add"]);
                    using var arguments = JsonDocument.Parse((string)call["function"]!["arguments"]!);
                    Assert.Equal(JsonValueKind.Object, arguments.RootElement.ValueKind);
                });
            }
        }
    }

    [Fact]
    public async Task Where_the_model_chooses_it_invents_no_function_and_breaks_no_arguments_at_any_temperature()
    {
        string[] questions = ["What is the weather in Lisbon?", "What is 12 + 30?"];
        var reasons = new List<string>();
        foreach (var seeds in Enumerable.Range(0, 200).Chunk(8))
        {
            var choices = await Task.WhenAll(seeds.Select(seed =>
            {
                var body = Ask(questions[seed % questions.Length], Weather, Add);
                (body["temperature"], body["seed"], body["max_tokens"]) = (1.5, seed, 100);
                return AnswerAsync(body);
            }));
            foreach (var choice in choices)
            {
                var reason = (string)choice["finish_reason"]!;
                reasons.Add(reason);
                if (reason == "tool_calls")
                {
                    Assert.All(choice["message"]!["tool_calls"]!.AsArray(), CheckCall);
                }

                // An answer that the cap cuts in a call whose name is not whole is text.
                Assert.True(
                    reason == "length" || !((string?)choice["message"]!["content"] ?? "").Contains("<tool_call>", StringComparison.Ordinal),
                    choice.ToJsonString());
            }
        }

        Report(reasons);
        Assert.Contains("tool_calls", reasons);
    }

    [Fact]
    public async Task The_question_of_the_readme_is_answered_by_calls_of_its_function_or_text_at_the_default_temperature()
    {
        var reasons = new List<string>();
        for (var seed = 0; seed < 20; seed++)
        {
            var body = Ask("What is the weather in Lisbon?", Function(
                "get_weather", "Get the current weather in a city", """{"city":{"type":"string"}}"""));
            body.Remove("temperature");
            body["seed"] = seed;

            var choice = await AnswerAsync(body);

            reasons.Add((string)choice["finish_reason"]!);
            Assert.All(choice["message"]!["tool_calls"]?.AsArray() ?? [], CheckCall);
        }

        Report(reasons);
        Assert.Contains("tool_calls", reasons);
    }

    [Fact]
    public async Task Where_the_model_chooses_arguments_stream_as_growing_pieces()
    {
        var body = Ask("What is the weather in Lisbon?", Weather, Add);
        body["stream"] = true;

        var events = await Event.ReadAllAsync(await worker.PostAsync(Path, body, completion: HttpCompletionOption.ResponseHeadersRead));

        var pieces = events.Where(item => item.Data != "[DONE]").SelectMany(item => item.Choice!["delta"]!["tool_calls"]?.AsArray() ?? [])
            .Select(piece => (string)piece!["function"]!["arguments"]!).Where(piece => piece.Length > 0).ToList();
        Assert.Equal("""{"city": "Lisbon"}""", string.Concat(pieces));
        Assert.InRange(pieces.Count, 3, 20);
    }

    [Fact]
    public async Task Choices_of_an_answer_with_functions_are_the_same_alone_and_among_others()
    {
        var bodies = Enumerable.Range(0, 6).Select(seed =>
        {
            var body = Ask("What is the weather in Lisbon?", Weather, Add);
            (body["temperature"], body["seed"], body["max_tokens"], body["n"]) = (1.3, seed, 60, 2);
            return body;
        }).ToList();
        var alone = new List<string>();
        foreach (var body in bodies)
        {
            alone.Add(await ChoicesAsync(body));
        }

        Assert.Equal(alone, await Task.WhenAll(bodies.Select(ChoicesAsync)));

        async Task<string> ChoicesAsync(JsonObject body)
        {
            using var response = await worker.PostAsync(Path, body.DeepClone());
            var choices = (await ReadAsync(response))["choices"]!.AsArray();
            foreach (var call in choices.SelectMany(choice => choice!["message"]!["tool_calls"]?.AsArray() ?? []))
            {
                call!.AsObject().Remove("id"); // It is the request's.
            }

            return choices.ToJsonString();
        }
    }

    [Fact]
    public async Task Before_a_call_an_end_token_may_be_passed_and_in_one_it_may_not()
    {
        var said = Ask("What is the capital of France?", Weather);
        var called = Ask("What is the weather in Lisbon?", Weather);
        foreach (var body in (JsonObject[])[said, called])
        {
            (body["ignore_eos"], body["max_tokens"]) = (true, 40);
        }

        Assert.Equal("length", (string)(await AnswerAsync(said))["finish_reason"]!);
        Assert.Equal("tool_calls", (string)(await AnswerAsync(called))["finish_reason"]!);
    }

    [Fact]
    public async Task One_call_ends_the_answer_where_no_more_are_wanted()
    {
        foreach (var choice in (string[])["auto", "required"])
        {
            var body = Ask("What is 12 + 30?", Add);
            (body["tool_choice"], body["parallel_tool_calls"]) = (choice, false);

            var answer = await AnswerAsync(body);

            Assert.Equal("tool_calls", (string)answer["finish_reason"]!);
            Assert.Equal("add", (string)Assert.Single(answer["message"]!["tool_calls"]!.AsArray())!["function"]!["name"]!);
        }
    }

    [Fact]
    public async Task A_named_function_is_called_and_no_other()
    {
        var body = Ask("What is the weather in Lisbon?", Weather, Add);
        body["tool_choice"] = JsonNode.Parse("""{"type":"function","function":{"name":"add"}}""");
        body["max_tokens"] = 200;

        var answer = await AnswerAsync(body);

        Assert.All(answer["message"]!["tool_calls"]!.AsArray(), call => Assert.Equal("add", (string)call!["function"]!["name"]!));
    }

    [Fact]
    public async Task Choice_none_gives_the_prompt_and_the_answer_of_a_chat_without_functions()
    {
        var body = Ask("What is the capital of France?", Weather);
        body["tool_choice"] = "none";
        var plain = Ask("What is the capital of France?");

        var (none, without) = (await ReadAsync(await worker.PostAsync(Path, body)), await ReadAsync(await worker.PostAsync(Path, plain)));

        Assert.Equal(without["choices"]!.ToJsonString(), none["choices"]!.ToJsonString());
        Assert.Equal((int)without["usage"]!["prompt_tokens"]!, (int)none["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task A_question_that_needs_no_function_is_answered_in_text_also_where_functions_are_strict()
    {
        foreach (var strict in (bool[])[false, true])
        {
            var body = Ask("What is the capital of France?", strict ? Strict(Weather) : Weather);
            var answer = await AnswerAsync(body);

            Assert.Equal("The capital of France is Paris.", (string)answer["message"]!["content"]!);
            Assert.Equal("stop", (string)answer["finish_reason"]!);
        }
    }

    [Fact]
    public async Task Arguments_of_a_strict_function_keep_to_its_schema_at_any_temperature()
    {
        var body = Ask("What is the weather in Lisbon?", Strict(Function(
            "get_weather", "Get the current weather in a city", """{"city":{"type":"string"},"mode":{"enum":["short","long"]}}""")));
        (body["temperature"], body["max_tokens"], body["tool_choice"]) = (1.5, 150, "required");
        for (var seed = 0; seed < 8; seed++)
        {
            body["seed"] = seed;
            var answer = await AnswerAsync(body.DeepClone().AsObject());
            if ((string)answer["finish_reason"]! == "tool_calls")
            {
                Assert.All(answer["message"]!["tool_calls"]!.AsArray(), call =>
                {
                    var arguments = JsonNode.Parse((string)call!["function"]!["arguments"]!)!.AsObject();
                    Assert.Equal(["city", "mode"], arguments.Select(member => member.Key));
                    Assert.Contains((string)arguments["mode"]!, (string[])["short", "long"]);
                });
            }
        }
    }

    [Fact]
    public async Task A_choice_of_enums_gives_one_of_their_words_without_more_quotes()
    {
        var tool = Function("set_mode", "Set the mode", """{"mode":{"anyOf":[{"enum":["on","off"]},{"enum":["auto"]}]}}""");
        var body = Ask("Hi", Strict(tool));
        (body["temperature"], body["tool_choice"], body["parallel_tool_calls"], body["max_tokens"]) = (1.5, "required", false, 60);
        for (var seed = 0; seed < 8; seed++)
        {
            body["seed"] = seed;
            var answer = await AnswerAsync(body);

            Assert.Equal("tool_calls", (string)answer["finish_reason"]!);
            var arguments = JsonNode.Parse((string)answer["message"]!["tool_calls"]![0]!["function"]!["arguments"]!)!;
            Assert.Contains((string)arguments["mode"]!, (string[])["on", "off", "auto"]);
        }
    }

    [Fact]
    public async Task A_choice_without_functions_is_ignored_where_it_demands_none_and_refused_else()
    {
        foreach (var (choice, status) in ((string, int)[])[("none", 200), ("auto", 200), ("required", 400)])
        {
            var body = Ask("Hello!");
            body["tool_choice"] = choice;
            using var response = await worker.PostAsync(Path, body);

            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""", "additionalProperties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}""", "required")]
    public async Task A_strict_function_whose_schema_breaks_a_rule_is_refused_with_place_and_rule(string parameters, string rule)
    {
        var body = Ask("Hi", $$$"""{"type":"function","function":{"parameters":{{{parameters}}},"name":"f","strict":true}}""");

        using var response = await worker.PostAsync(Path, body);
        var error = (await ReadAsync(response))["error"]!;

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(("invalid_function_parameters", "tools[0].function.parameters"), ((string?)error["code"], (string?)error["param"]));
        Assert.Contains(rule, (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_is_not_strict_may_have_a_schema_that_cannot_be_enforced()
    {
        var body = Ask("What is the weather in Lisbon?", Function(
            "get_weather", "Get the current weather in a city", """{"city":{"type":"string","unheardOf":1,"pattern":"(?=a)b"}}"""));
        (body["tool_choice"], body["max_tokens"]) = ("required", 120);

        var answer = await AnswerAsync(body);

        Assert.Equal("get_weather", (string)answer["message"]!["tool_calls"]![0]!["function"]!["name"]!);
    }

    [Fact]
    public async Task An_answer_that_is_cut_in_a_call_ends_with_length()
    {
        var body = Ask("What is the weather in Lisbon?", Weather);
        body["max_tokens"] = 12;

        var answer = await AnswerAsync(body);

        Assert.Equal("length", (string)answer["finish_reason"]!);
    }

    [Fact]
    public async Task Older_functions_are_answered_as_function_call()
    {
        var body = Ask("What is the weather in Lisbon?");
        body["functions"] = new JsonArray(JsonNode.Parse(Weather)!["function"]!.DeepClone());

        var called = await AnswerAsync(body);
        body["messages"]!.AsArray().Add(called["message"]!.DeepClone());
        body["messages"]!.AsArray().Add(new JsonObject
        {
            ["role"] = "function", ["name"] = "get_weather", ["content"] = """{"temperature": 21, "condition": "sunny"}""",
        });
        var answered = await AnswerAsync(body);
        body["stream"] = true;
        body["messages"]!.AsArray().RemoveAt(2);
        body["messages"]!.AsArray().RemoveAt(1);
        var events = await Event.ReadAllAsync(await worker.PostAsync(Path, body, completion: HttpCompletionOption.ResponseHeadersRead));

        Assert.Equal("function_call", (string)called["finish_reason"]!);
        Assert.Equal(
            """{"name":"get_weather","arguments":"{\u0022city\u0022: \u0022Lisbon\u0022}"}""",
            called["message"]!["function_call"]!.ToJsonString());
        Assert.Equal("It is 21 degrees and sunny in Lisbon.", (string)answered["message"]!["content"]!);
        Assert.Equal("""{"city": "Lisbon"}""", string.Concat(events.Where(item => item.Data != "[DONE]").Select(
            item => (string?)item.Choice!["delta"]!["function_call"]?["arguments"])));
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_text()
    {
        var text = Ask("What is the capital of France?", Weather);
        var call = Ask("What is the weather in Lisbon?", Weather);
        (text["logprobs"], call["logprobs"]) = (true, true);

        var (said, called) = (await AnswerAsync(text), await AnswerAsync(call));

        Assert.Equal(
            "The capital of France is Paris.",
            string.Concat(said["logprobs"]!["content"]!.AsArray().Select(token => (string)token!["token"]!)));
        Assert.Empty(called["logprobs"]!["content"]!.AsArray());
    }

    [Fact]
    public async Task A_prompt_with_functions_never_passes_the_bound_of_its_card()
    {
        var card = (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Single(model => model.Card.Name == "tiny-assistant").Card;

        Assert.NotNull(card.Measure!.Chat!.Tools);
    }

    private void Report(List<string> reasons) =>
        output.WriteLine(string.Join(", ", reasons.CountBy(reason => reason).Select(group => $"{group.Value} {group.Key}")));

    private static void CheckCall(JsonNode? call)
    {
        var arguments = JsonElement.Parse((string)call!["function"]!["arguments"]!);
        switch ((string)call["function"]!["name"]!)
        {
            case "get_weather":
                Assert.Equal(JsonValueKind.String, arguments.GetProperty("city").ValueKind);
                break;
            case var name:
                Assert.Equal("add", name);
                Assert.Equal(JsonValueKind.Number, arguments.GetProperty("a").ValueKind);
                Assert.Equal(JsonValueKind.Number, arguments.GetProperty("b").ValueKind);
                break;
        }
    }

    private static string Function(string name, string description, string properties)
    {
        var names = string.Join(',', JsonNode.Parse(properties)!.AsObject().Select(property => $"\"{property.Key}\""));
        return $$$"""
            {"type":"function","function":{"name":"{{{name}}}","description":"{{{description}}}",
             "parameters":{"type":"object","properties":{{{properties}}},"required":[{{{names}}}]} } }
            """;
    }

    private static string Strict(string tool)
    {
        var json = JsonNode.Parse(tool)!;
        json["function"]!["strict"] = true;
        json["function"]!["parameters"]!["additionalProperties"] = false;
        return json.ToJsonString();
    }

    private static JsonObject Ask(string question, params string[] tools)
    {
        var body = new JsonObject
        {
            ["model"] = "tiny-assistant", ["temperature"] = 0,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
        };
        if (tools.Length > 0)
        {
            body["tools"] = new JsonArray([.. tools.Select(tool => JsonNode.Parse(tool))]);
        }

        return body;
    }

    private async Task<JsonNode> AnswerAsync(JsonObject body)
    {
        using var response = await worker.PostAsync(Path, body.DeepClone());
        return (await ReadAsync(response))["choices"]![0]!;
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        return JsonNode.Parse(text)!;
    }
}
