using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Anthropic's official .NET client, with nothing changed but base address and key. It checks each answer against its
/// types.</summary>
[Collection(SharedTollgate.Name)]
public sealed class AnthropicDotNetClientTests(SharedTollgate shared)
{
    private static readonly MessageCreateParams France = new()
    {
        Model = "tiny-assistant", MaxTokens = 40, Messages = [new UserMessageParam("What is the capital of France?")],
    };

    [Fact]
    public async Task A_message_is_answered_with_a_text_and_its_usage()
    {
        using var client = Client();

        var message = await client.Messages.Create(France);

        message.Validate();
        Assert.True(Assert.Single(message.Content).TryPickText(out var text) && text.Text.Length > 0);
        Assert.True(message.Usage is { InputTokens: > 0, OutputTokens: > 0 });
    }

    [Fact]
    public async Task A_stream_comes_piece_by_piece_and_ends_with_its_usage()
    {
        using var client = Client();
        var (pieces, tokens) = (0, 0L);

        await foreach (var item in client.Messages.CreateStreaming(France))
        {
            item.Validate();
            pieces += item.TryPickContentBlockDelta(out var piece) && piece.Delta.TryPickText(out _) ? 1 : 0;
            tokens = item.TryPickDelta(out var last) ? last.Usage.OutputTokens : tokens;
        }

        Assert.True(pieces > 1, "a stream that comes in one piece is none");
        Assert.True(tokens >= pieces);
    }

    [Fact]
    public async Task A_count_is_what_the_answer_states()
    {
        using var client = Client();

        var count = await client.Messages.CountTokens(
            new MessageCountTokensParams { Model = "tiny-assistant", Messages = France.Messages });

        Assert.Equal((await client.Messages.Create(France)).Usage.InputTokens, count.InputTokens);
    }

    [Fact]
    public async Task Failures_come_as_the_class_that_callers_catch()
    {
        using var client = Client();
        using var stranger = Client("sk-tg-wrong");

        await Assert.ThrowsAsync<AnthropicNotFoundException>(() => client.Messages.Create(France with { Model = "no-such-model" }));
        await Assert.ThrowsAsync<AnthropicBadRequestException>(() => client.Messages.Create(France with { StopSequences = [""] }));
        await Assert.ThrowsAsync<AnthropicUnauthorizedException>(() => stranger.Messages.Create(France));
    }

    private AnthropicClient Client(string? key = null) =>
        new() { BaseUrl = shared.Running.Endpoints.Api, ApiKey = key ?? shared.Running.FirstKey, MaxRetries = 0 };
}
