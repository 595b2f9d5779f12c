using System.Net;
using System.Text;
using Tollgate.Contracts.Keys;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Bad input gets a clear error in OpenAI's shape, never a 5xx, and costs nothing.</summary>
[Collection(SharedTollgate.Name)]
public sealed class BadInputTests(SharedTollgate shared)
{
    [Fact]
    public async Task Every_bad_member_of_every_endpoint_is_refused_by_name_and_nothing_is_charged()
    {
        var key = await shared.Running.Internal.CreateKeyAsync("bad input");
        using var client = shared.Running.Client(key.Text);
        var wrong = new List<string>();

        foreach (var request in BadRequests.All)
        {
            var answer = await client.PostAsync(request.Path, request.Body);
            var error = answer.Error;
            if ((int)answer.Status != request.Status || error.Param != request.Param
                || (request.Code is not null && error.Code != request.Code))
            {
                wrong.Add($"{request}: expected {request.Status} {request.Code} {request.Param}, got {(int)answer.Status} {error}");
            }
        }

        Assert.Empty(wrong);
        await NothingWasChargedAsync(key);
    }

    [Theory]
    [InlineData("/v1/chat/completions",
        """{"model":"no-such-model","messages":[{"role":"user","content":"Hi"}]}""", 404, "model", "model_not_found")]
    [InlineData("/v1/embeddings", """{"model":"no-such-model","input":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/v1/engines/no-such-engine/completions", """{"prompt":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/v1/embeddings", """{"model":"tiny-assistant","input":"Hi"}""", 404, "model", null)]
    [InlineData("/v1/rerank", """{"model":"tiny-assistant","query":"Hi","documents":["Hello"]}""", 404, "model", null)]
    [InlineData("/v1/embeddings", """{"model":"tiny-embed","input":"Hi","dimensions":128}""", 400, "dimensions", "invalid_value")]
    [InlineData("/v1/chat/completions", """{"model":"tiny-embed","messages":[{"role":"user","content":"Hi"}]}""", 404, "model", null)]
    [InlineData("/predict?model=no-such-model", """{"data":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/predict?model=tiny-assistant", """{"data":"Hi"}""", 404, "model", "model_not_supported")]
    [InlineData("/v1/classifications", """{"model":"tiny-embed","input":"Hi"}""", 404, "model", "model_not_supported")]
    [InlineData("/v1/moderations", """{"input":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/v1/moderations", """{"model":"tiny-sentiment","input":"Hi"}""", 404, "model", "model_not_supported")]
    [InlineData("/v1/images/generations", """{"model":"tiny-painter","prompt":"x","size":"16384x16384"}""", 400, "size", "invalid_value")]
    [InlineData("/v1/images/generations", """{"model":"tiny-painter","prompt":"x","size":"65x64"}""", 400, "size", "invalid_value")]
    [InlineData("/v1/images/generations", """{"model":"tiny-painter","prompt":"x","steps":1000}""", 400, "steps", "invalid_value")]
    [InlineData("/v1/images/generations", """{"model":"tiny-embed","prompt":"x"}""", 404, "model", "model_not_supported")]
    [InlineData("/v1/images/classifications",
        """{"model":"tiny-painter","image":"R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7"}""", 404, "model",
        "model_not_supported")]
    [InlineData("/predict?model=%00", """{"data":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/predict?model=%ff%fe", """{"data":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/predict?model=tiny-sentiment&model=x", """{"data":"Hi"}""", 404, "model", "model_not_found")]
    [InlineData("/predict?model=", """{"data":"Hi"}""", 400, "model", "invalid_value")]
    [InlineData("/v1/nothing/here", "{}", 404, null, null)]
    public async Task What_does_not_exist_is_said_so(string path, string body, int status, string? param, string? code)
    {
        using var client = shared.Running.Client();

        var answer = await client.PostAsync(path, body);

        Assert.Equal((status, param), ((int)answer.Status, answer.Error.Param));
        if (code is not null)
        {
            Assert.Equal(code, answer.Error.Code);
        }
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", "POST")]
    [InlineData("DELETE", "/v1/embeddings", "POST")]
    [InlineData("POST", "/v1/models", "GET,HEAD")]
    public async Task A_wrong_method_is_405_and_names_the_right_one(string method, string path, string allowed)
    {
        using var client = shared.Running.Client();

        var answer = await client.SendAsync(new HttpMethod(method), path, null);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Equal(allowed, answer.Header("Allow"));
        Assert.Equal("invalid_request_error", answer.Error.Type);
    }

    [Fact]
    public async Task A_body_of_ten_megabytes_is_413()
    {
        using var client = shared.Running.Client();

        var answer = await client.PostAsync(Prompts.Chat, BadRequests.ChatBody($"\"user\":\"{new string('x', 10_000_000)}\""));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Equal("invalid_request_error", answer.Error.Type);
    }

    [Fact]
    public async Task Another_content_type_is_415()
    {
        using var client = shared.Running.Client();

        var answer = await client.SendAsync(
            HttpMethod.Post, Prompts.Chat, new StringContent("model=x", Encoding.UTF8, "application/x-www-form-urlencoded"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
        Assert.Equal("invalid_request_error", answer.Error.Type);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_400_and_costs_nothing()
    {
        var key = await shared.Running.Internal.CreateKeyAsync("too long");
        using var client = shared.Running.Client(key.Text);
        var text = string.Concat(Enumerable.Repeat("The capital of France is Paris. ", 100)); // Some 700 tokens; the context has 512.

        var answers = new[]
        {
            await client.PostAsync(
                Prompts.Chat, new { model = "tiny-assistant", messages = new[] { new { role = "user", content = text } } }),
            await client.PostAsync(
                Prompts.Chat, new { model = "tiny-assistant", stream = true, messages = new[] { new { role = "user", content = text } } }),
            await client.PostAsync(Prompts.Completions, new { model = "tiny-assistant", prompt = Enumerable.Repeat(5, 600) }),
            await client.PostAsync(Prompts.Completions, new { model = "tiny-assistant", prompt = "Once", max_tokens = 5000 }),
        };

        Assert.All(
            answers, answer => Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded"), (answer.Status, answer.Error.Code)));
        Assert.Equal("messages", answers[0].Error.Param);
        await NothingWasChargedAsync(key);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("sk-tg-short")]
    [InlineData("not a key at all")]
    public async Task A_key_that_is_none_is_401_and_never_echoed(string? key)
    {
        using var client = new ApiClient(shared.Running.Endpoints.Api, key);

        var answer = await client.PostAsync(Prompts.Chat, Prompts.France());

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal("invalid_request_error", answer.Error.Type);
        Assert.True(key is null || !answer.Body.Contains(key, StringComparison.Ordinal));
        Assert.Null(answer.Header("x-ratelimit-limit-requests"));
    }

    [Fact]
    public async Task A_well_formed_key_that_nobody_made_is_401()
    {
        using var client = shared.Running.Client(ApiKeyText.Create().Text);

        var answer = await client.PostAsync(Prompts.Chat, Prompts.France());

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_api_key"), (answer.Status, answer.Error.Code));
    }

    [Fact]
    public async Task A_typing_error_in_a_key_is_401_without_asking_anybody()
    {
        var running = shared.Running;
        var mistyped = running.FirstKey[..^1] + (running.FirstKey[^1] == 'A' ? 'B' : 'A');
        using var client = running.Client(mistyped);
        await RunningTollgate.SignalAsync(running.Endpoints.Pids.Redis, "STOP"); // A look-up would find nobody at home.
        ApiAnswer answer;
        try
        {
            answer = await client.PostAsync(Prompts.Chat, Prompts.France());
        }
        finally
        {
            await RunningTollgate.SignalAsync(running.Endpoints.Pids.Redis, "CONT");
        }

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_api_key"), (answer.Status, answer.Error.Code));
        using var good = running.Client();
        await Until.TrueAsync(async () => (await good.GetAsync("/v1/models")).Status == HttpStatusCode.OK, "Redis answers again");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_by_the_very_next_request()
    {
        using var portal = await PortalSession.SignInAsync(shared.Running.Endpoints.Portal, shared.Running.FirstAdmin);
        var key = await portal.CreateKeyAsync("to be revoked");
        using var client = shared.Running.Client(key);
        var before = await client.PostAsync(Prompts.Chat, Prompts.France());

        await portal.RevokeKeyAsync("to be revoked");
        var after = await client.PostAsync(Prompts.Chat, Prompts.France());
        var list = await client.GetAsync("/v1/models");

        Assert.Equal(HttpStatusCode.OK, before.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, after.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, list.Status);
        Assert.DoesNotContain(key, after.Body, StringComparison.Ordinal);
    }

    /// <summary>A good request of the same key comes last: when its row is there, all before it are.</summary>
    private async Task NothingWasChargedAsync(CreatedKey key)
    {
        using var client = shared.Running.Client(key.Text);
        var last = await client.PostAsync(Prompts.Chat, Prompts.France());
        await shared.Running.Books.OneAsync(last.RequestId);

        Assert.Equal(last.RequestId, Assert.Single(await shared.Running.Books.OfKeyAsync(key.KeyId), row => row.Amount != 0).RequestId);
    }
}
