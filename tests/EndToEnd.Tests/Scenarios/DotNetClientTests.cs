using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;
using Tollgate.Contracts.Usage;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The official OpenAI .NET client, with nothing changed but base address and key.</summary>
[Collection(SharedTollgate.Name)]
public sealed class DotNetClientTests(SharedTollgate shared)
{
    private static readonly UserChatMessage France = new("What is the capital of France?");

    [Fact]
    public async Task Chat_answers_and_is_billed_as_it_says()
    {
        var answer = await Chat().CompleteChatAsync([France], Greedy(40));
        var row = await shared.Running.Books.OneAsync(RequestId(answer.GetRawResponse()));

        Assert.Equal("The capital of France is Paris.", answer.Value.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.Value.FinishReason);
        Assert.Equal("tiny-assistant", answer.Value.Model);
        Assert.Equal((answer.Value.Usage.InputTokenCount, answer.Value.Usage.OutputTokenCount), (row.Units.Prompt, row.Units.Completion));
        Assert.Equal(Outcome.Completed, row.Outcome);
    }

    [Fact]
    public async Task Chat_streams_piece_by_piece_and_ends_with_its_usage()
    {
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in Chat().CompleteChatStreamingAsync([France], Greedy(40)))
        {
            updates.Add(update);
        }

        var usage = updates.Single(update => update.Usage is not null).Usage;
        Assert.Equal(
            "The capital of France is Paris.", string.Concat(updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text)));
        Assert.Equal(ChatFinishReason.Stop, updates.Single(update => update.FinishReason is not null).FinishReason);
        Assert.True(updates.Count(update => update.ContentUpdate.Count > 0) > 3, "a stream that comes in one piece is none");
        Assert.True(usage.InputTokenCount > 0 && usage.OutputTokenCount > 0);
    }

    [Fact]
    public async Task An_idempotency_key_gives_the_same_answer_twice_and_is_billed_once()
    {
        const string Body =
            """
            {"model":"tiny-assistant","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}
            """;
        var key = Guid.NewGuid().ToString();
        var first = (await Chat().CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(Body)), WithKey(key))).GetRawResponse();
        var second = (await Chat().CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(Body)), WithKey(key))).GetRawResponse();
        await shared.Running.Books.OneAsync(RequestId(first));

        Assert.Equal(first.Content.ToString(), second.Content.ToString()); // The answer's own id and time too.
        Assert.False(first.Headers.TryGetValue("idempotency-replayed", out _));
        Assert.True(second.Headers.TryGetValue("idempotency-replayed", out var replayed) && replayed == "true");
        Assert.Empty(await shared.Running.Books.OfRequestAsync(RequestId(second)));

        static RequestOptions WithKey(string key)
        {
            var options = new RequestOptions();
            options.SetHeader("Idempotency-Key", key);
            return options;
        }
    }

    [Fact]
    public async Task An_old_alias_answers_with_the_real_models_name()
    {
        var answer = await Chat("gpt-3.5-turbo").CompleteChatAsync([France], Greedy(40));

        Assert.Equal("tiny-assistant", answer.Value.Model);
    }

    [Fact]
    public async Task Embeddings_come_as_the_client_asks_for_them()
    {
        var client = new EmbeddingClient("tiny-embed", new ApiKeyCredential(shared.Running.FirstKey), Options());
        var answer = await client.GenerateEmbeddingsAsync(["How do I change my password?", "My dog is ill"]);
        var row = await shared.Running.Books.OneAsync(RequestId(answer.GetRawResponse()));

        Assert.Equal(2, answer.Value.Count);
        Assert.Equal(-0.11946f, answer.Value[0].ToFloats().Span[0], 1e-4f); // The model's reference.
        Assert.Equal(answer.Value.Usage.InputTokenCount, row.Units.Prompt);
        Assert.Equal("embeddings", row.Endpoint);
    }

    [Fact]
    public async Task Models_are_listed_and_retrieved()
    {
        var client = new OpenAIModelClient(new ApiKeyCredential(shared.Running.FirstKey), Options());
        var listed = await client.GetModelsAsync();
        var one = await client.GetModelAsync("tiny-embed");

        Assert.Contains(listed.Value, model => model.Id == "tiny-assistant");
        Assert.Contains(listed.Value, model => model.Id == "tiny-embed");
        Assert.Equal("tiny-embed", one.Value.Id);
    }

    [Fact]
    public async Task A_wrong_key_is_401()
    {
        var exception = await Assert.ThrowsAsync<ClientResultException>(
            () => Chat(key: "sk-tg-wrong").CompleteChatAsync([France], Greedy(1)));

        Assert.Equal(401, exception.Status);
        Assert.DoesNotContain("sk-tg-wrong", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_model_is_404()
    {
        var exception = await Assert.ThrowsAsync<ClientResultException>(() => Chat("no-such-model").CompleteChatAsync([France], Greedy(1)));

        Assert.Equal(404, exception.Status);
        Assert.Contains("no-such-model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_over_its_rate_gets_429_and_is_told_when_to_come_back()
    {
        var chat = Chat(key: await shared.Running.Commands.CreateKeyAsync("dotnet, limited", "--rpm", "3"));
        for (var i = 0; i < 3; i++)
        {
            await chat.CompleteChatAsync([France], Greedy(1));
        }

        var exception = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync([France], Greedy(1)));
        var headers = exception.GetRawResponse()!.Headers;

        Assert.Equal(429, exception.Status);
        Assert.True(headers.TryGetValue("Retry-After", out var retryAfter));
        Assert.InRange(RequestIds.Number(retryAfter), 1, 20); // 3 a minute: one every 20 s.
        Assert.True(headers.TryGetValue("x-ratelimit-remaining-requests", out var remaining));
        Assert.Equal("0", remaining);
    }

    [Fact]
    public async Task A_client_that_leaves_mid_stream_is_billed_for_what_was_generated_and_frees_its_slot()
    {
        var key = await shared.Running.Internal.CreateKeyAsync("leaves");
        var options = Greedy(450);
        options.LogitBiases[0] = options.LogitBiases[2] = -100; // No end token: it would go on to the cap.
        var pieces = 0;
        await foreach (var update in Chat(key: key.Text, transport: LeavesAtOnce()).CompleteChatStreamingAsync([France], options))
        {
            pieces += update.ContentUpdate.Count;
            if (pieces >= 3)
            {
                break;
            }
        }

        await Until.TrueAsync(
            async () => await shared.Running.Internal.ActiveAsync() == 0, "the slot is free", TimeSpan.FromSeconds(2));
        var row = Assert.Single(await Until.ValueAsync(
            async () => await shared.Running.Books.OfKeyAsync(key.KeyId) is { Count: > 0 } rows ? rows : null, "the usage row"));
        var generated = Assert.Single(await shared.Running.Internal.WitnessAsync(), entry => entry.RequestId == row.RequestId);

        Assert.Equal(Outcome.ClientLeft, row.Outcome);
        Assert.InRange(row.Units.Completion, 3, 449);
        Assert.True(row.Units.Completion <= generated.Units.Completion);
        Assert.True(row.Delivered <= row.Units.Completion);
    }

    private ChatClient Chat(string model = "tiny-assistant", string? key = null, PipelineTransport? transport = null) =>
        new(model, new ApiKeyCredential(key ?? shared.Running.FirstKey), Options(transport));

    private OpenAIClientOptions Options(PipelineTransport? transport = null) => new()
    {
        Endpoint = new Uri(shared.Running.Endpoints.ApiBase),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        Transport = transport,
    };

    /// <summary>HttpClient goes on reading for up to 2 s behind a reader that left, to keep the
    /// connection; the tiny model would end in that time.</summary>
    private static HttpClientPipelineTransport LeavesAtOnce() => new(new HttpClient(new SocketsHttpHandler { MaxResponseDrainSize = 0 }));

    private static ChatCompletionOptions Greedy(int maxTokens) => new() { Temperature = 0, MaxOutputTokenCount = maxTokens };

    private static Guid RequestId(PipelineResponse response) =>
        response.Headers.TryGetValue("x-request-id", out var id)
            ? RequestIds.Parse(id!) : throw new InvalidOperationException("No x-request-id.");
}
