using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Cached prompt tokens in answers, headers and the worker's log, for every wire.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class PrefixUsageTests(WorkerFixture worker)
{
    private readonly Guid _organization = Guid.NewGuid();
    private readonly string _text = string.Join(' ', Enumerable.Repeat("The fox Mia lived in a wood and asked", 12)) + Guid.NewGuid();

    public static TheoryData<string, bool> Wires => new()
    {
        { "chat/completions", false }, { "chat/completions", true }, { "completions", false }, { "completions", true },
        { "responses", false }, { "responses", true }, { "messages", false }, { "messages", true },
    };

    [Theory]
    [MemberData(nameof(Wires))]
    public async Task An_answer_its_headers_and_the_log_name_the_same_cached_tokens_which_are_its_organizations(string wire, bool stream)
    {
        var cold = await AskAsync(wire, stream, _organization);
        var warm = await AskAsync(wire, stream, _organization);
        var other = await AskAsync(wire, stream, Guid.NewGuid());

        Assert.Equal((0, 0), (cold.Used.Cached, other.Used.Cached));
        Assert.Equal((cold.Used.Prompt - 2) / 32 * 32, warm.Used.Cached);
        Assert.Equal((cold.Used.Prompt, cold.Used.Prompt), (warm.Used.Prompt, other.Used.Prompt));
        Assert.Equal((cold.Text, cold.Text), (warm.Text, other.Text));
    }

    [Fact]
    public async Task A_streams_prompts_that_are_read_after_its_first_event_are_as_its_header_said()
    {
        JsonNode[] prompts = [_text, $"{_text} {_text}", "x"];
        await PostAsync(new JsonObject { ["prompt"] = new JsonArray(prompts[0].DeepClone()) });

        var used = await PostAsync(new JsonObject { ["prompt"] = new JsonArray(prompts), ["n"] = 3 });

        Assert.InRange(used.Cached, 32, used.Prompt - 6);

        async Task<Units> PostAsync(JsonObject body) =>
            (await AskAsync("completions", stream: true, _organization, body)).Used;
    }

    private async Task<(Units Used, string Text)> AskAsync(string wire, bool stream, Guid organization, JsonObject? members = null)
    {
        var body = members ?? (wire == "completions" ? new JsonObject { ["prompt"] = _text }
            : wire == "responses" ? new JsonObject { ["input"] = _text }
            : new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = _text }) });
        (body["model"], body["temperature"], body["stream"]) = ("tiny-assistant", 0, stream);
        body[wire == "responses" ? "max_output_tokens" : "max_tokens"] = 4;
        if (stream && wire.EndsWith("completions", StringComparison.Ordinal))
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        var request = Guid.NewGuid();
        using var response = await worker.PostAsync($"/v1/{wire}", body, request, organization: organization);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var log = (await worker.WitnessAsync()).Entries.Single(entry => entry.RequestId == request).Units;
        Assert.True(Units.TryParse(response.Headers.GetValues(Units.Header).Single(), out var header));
        Assert.Equal(stream ? log with { Output = 0 } : log, header);
        if (!stream)
        {
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            AssertStates(answer["usage"]!, log);
            return (log, (answer["choices"] ?? answer["output"] ?? answer["content"])![0]!.ToJsonString()
                .Replace($"{request:N}", "", StringComparison.Ordinal));
        }

        var events = await Event.ReadAllAsync(response);
        var data = events.Where(one => one.Data.StartsWith('{')).Select(one => one.Json).ToList();
        var usages = data.Select(one => one["usage"] ?? one["response"]?["usage"]).OfType<JsonObject>().ToList();
        AssertStates(usages[^1], log);
        if (wire == "messages")
        {
            var first = data[0]["message"]!["usage"]!;
            Assert.Equal((log.Input, log.Cached), ((long)first["input_tokens"]!, (long)first["cache_read_input_tokens"]!));
        }

        return (log, string.Concat(data.Select(
            one => one["delta"] is JsonValue text ? (string?)text : (string?)one["delta"]?["text"] ?? (string?)one["choices"]?.AsArray()
                .FirstOrDefault()?["delta"]?["content"] ?? (string?)one["choices"]?.AsArray().FirstOrDefault()?["text"])));
    }

    /// <summary>The parts of the prompt are its whole.</summary>
    private static void AssertStates(JsonNode usage, Units used)
    {
        var isAnthropic = usage["cache_read_input_tokens"] is not null;
        var whole = (long)(usage["prompt_tokens"] ?? usage["input_tokens"])!;
        var cached = (long)(usage["cache_read_input_tokens"]
            ?? (usage["prompt_tokens_details"] ?? usage["input_tokens_details"])!["cached_tokens"])!;
        Assert.Equal((isAnthropic ? used.Input : used.Prompt, used.Cached), (whole, cached));
    }
}
