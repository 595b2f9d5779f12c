using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Anthropic's official npm client against the running system. One run of <c>clients/anthropic.mjs</c>, judged call by
/// call.</summary>
[Collection(SharedTollgate.Name)]
public sealed class AnthropicClientTests(SharedTollgate shared, AnthropicClientTests.Run run) : IClassFixture<AnthropicClientTests.Run>
{
    private const string Paris = "The capital of France is Paris.";

    [Fact]
    public async Task A_message_is_answered_and_billed_as_it_says()
    {
        var create = await ResultAsync("create");
        var message = create.GetProperty("message");
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(create.GetProperty("requestId").GetString()!));

        Assert.Equal(Paris, Text(message));
        Assert.Equal(("message", "assistant", "end_turn"), (
            message.GetProperty("type").GetString(), message.GetProperty("role").GetString(),
            message.GetProperty("stop_reason").GetString()));
        Assert.Equal(("messages", row.Units), (row.Endpoint, Used(message.GetProperty("usage"))));
        Assert.StartsWith("org-", create.GetProperty("organization").GetString(), StringComparison.Ordinal);
        Assert.True(RequestIds.Number(create.GetProperty("remaining").GetString()) > 0);
        Assert.EndsWith("Z", create.GetProperty("reset").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_is_what_the_client_puts_together_to_the_same_message()
    {
        var stream = await ResultAsync("stream");
        var events = stream.GetProperty("events").EnumerateArray().ToList();
        var (first, last) = (events[0].GetProperty("message").GetProperty("usage"), events[^2].GetProperty("usage"));

        Assert.Equal((Paris, Paris), (stream.GetProperty("text").GetString(), stream.GetProperty("finalText").GetString()));
        Assert.Equal(Paris, Text(stream.GetProperty("final")));
        Assert.Equal("end_turn", stream.GetProperty("final").GetProperty("stop_reason").GetString());
        Assert.Equal(Used((await ResultAsync("create")).GetProperty("message").GetProperty("usage")), Used(last));
        Assert.True(Used(first).Prompt <= Used(last).Prompt && Used(first).Completion <= Used(last).Completion);
        Assert.Equal(Used(last), Used(stream.GetProperty("final").GetProperty("usage")));
    }

    [Theory]
    [InlineData("stopped", "stop_sequence", "France", "The capital of ")]
    [InlineData("capped", "max_tokens", null, "The capital of")]
    [InlineData("prefilled", "end_turn", null, " France is Paris.")]
    [InlineData("byHeader", "end_turn", null, Paris)]
    public async Task An_answer_says_why_it_ended(string call, string reason, string? stop, string text)
    {
        var message = await ResultAsync(call);

        Assert.Equal((reason, stop, text), (
            message.GetProperty("stop_reason").GetString(), message.GetProperty("stop_sequence").GetString(), Text(message)));
    }

    [Fact]
    public async Task An_answer_can_be_sent_back_with_calls_and_their_results() =>
        Assert.Equal("end_turn", (await ResultAsync("history")).GetProperty("stop_reason").GetString());

    [Fact]
    public async Task A_count_is_what_the_answer_is_billed_for()
    {
        var counted = (await ResultAsync("counted")).GetProperty("input_tokens").GetInt64();

        Assert.Equal(Used((await ResultAsync("answered")).GetProperty("usage")).Prompt, counted);
    }

    [Fact]
    public async Task Models_are_listed_and_retrieved()
    {
        var models = await ResultAsync("models");

        Assert.Contains(
            "tiny-assistant", models.GetProperty("listed").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("tiny-assistant", models.GetProperty("one").GetProperty("display_name").GetString());
    }

    [Theory]
    [InlineData("wrongKey", "AuthenticationError", 401, "authentication_error", "invalid_api_key", null)]
    [InlineData("wrongModel", "NotFoundError", 404, "not_found_error", "model_not_found", "model")]
    [InlineData("wrongMember", "BadRequestError", 400, "invalid_request_error", "invalid_value", "temperature")]
    [InlineData("picture", "BadRequestError", 400, "invalid_request_error", "unsupported_parameter", "messages[0].content[1].type")]
    [InlineData("serverTool", "BadRequestError", 400, "invalid_request_error", "unsupported_parameter", "tools[1].type")]
    [InlineData("wrongStream", "BadRequestError", 400, "invalid_request_error", "invalid_value", "stop_sequences[0]")]
    [InlineData("rateLimited", "RateLimitError", 429, "rate_limit_error", "rate_limit_exceeded", null)]
    public async Task Failures_come_as_the_class_that_callers_catch(
        string call, string type, int status, string kind, string code, string? param)
    {
        var failure = await ResultAsync(call);

        Assert.Equal((type, status, kind, code, param), (
            failure.GetProperty("class").GetString(), failure.GetProperty("status").GetInt32(), failure.GetProperty("type").GetString(),
            failure.GetProperty("code").GetString(), failure.GetProperty("param").GetString()));
        Assert.StartsWith("req_", failure.GetProperty("requestId").GetString(), StringComparison.Ordinal);
        Assert.Equal(status == 429, failure.GetProperty("retryAfter").GetString() is not null);
    }

    private static string Text(JsonElement message) =>
        Assert.Single(message.GetProperty("content").EnumerateArray()).GetProperty("text").GetString()!;

    private static Units Used(JsonElement usage) =>
        new(usage.GetProperty("input_tokens").GetInt64(), Output: usage.GetProperty("output_tokens").GetInt64());

    private async Task<JsonElement> ResultAsync(string call) => (await run.ResultsAsync(shared.Running)).GetProperty(call);

    /// <summary>Runs the script on first use and keeps what it printed.</summary>
    public sealed class Run
    {
        private Task<JsonElement>? _results;

        internal Task<JsonElement> ResultsAsync(RunningTollgate running) => _results ??= RunAsync(running);

        private static async Task<JsonElement> RunAsync(RunningTollgate running)
        {
            var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "anthropic.mjs");
            var environment = new Dictionary<string, string>
            {
                ["TOLLGATE_API"] = running.Endpoints.Api,
                ["TOLLGATE_KEY"] = running.FirstKey,
                ["TOLLGATE_LIMITED_KEY"] = await running.Commands.CreateKeyAsync("anthropic, limited", "--rpm", "3"),
            };
            return JsonElement.Parse((await ProgramRun.RunAsync("node", [script], environment)).Succeeded());
        }
    }
}
