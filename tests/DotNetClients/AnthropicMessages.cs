using System.Text.Json;
using Anthropic;
using Anthropic.Core;
using Anthropic.Models.Messages;
using Anthropic.Services;

namespace Tollgate.DotNetClients;

/// <summary>Anthropic's .NET client on <c>/v1/messages</c>.</summary>
internal static class AnthropicMessages
{
    private static readonly Dictionary<string, JsonElement> None = [];

    /// <summary>This client has no member for the temperature.</summary>
    private static readonly Dictionary<string, JsonElement> Greedy = new() { ["temperature"] = JsonElement.Parse("0") };

    private static readonly MessageParam Asked = new UserMessageParam(Scene.ToolQuestion);

    public static Abilities Abilities() => new()
    {
        ["chat"] = async () =>
        {
            var answer = await Client().Messages.Create(Ask(Scene.Question));
            var counted = await Client().Messages.CountTokens(
                new MessageCountTokensParams { Model = Scene.ChatModel, Messages = [new UserMessageParam(Scene.Question)] });
            return new Answer(TextOf(answer), answer.Usage.InputTokens, answer.Usage.OutputTokens, counted.InputTokens);
        },
        ["stream"] = async () => await Streamed.ReadAsync(
            Client().Messages.CreateStreaming(Ask(Scene.Question))
                .Select(item => item.TryPickContentBlockDelta(out var piece) && piece.Delta.TryPickText(out var text) ? text.Text : null)),
        ["tools"] = async () => await AnswerOfAsync(
            await Client().Messages.Create(WithTool(Asked) with { ToolChoice = new ToolChoiceAny() })),
        ["streamedTools"] = async () => await AnswerOfAsync(
            await Client().Messages.CreateStreaming(WithTool(Asked) with { ToolChoice = new ToolChoiceTool(Scene.ToolName) }).Aggregate()),
        ["structured"] = async () => (await Client().Messages.Create<Person>(Ask(Scene.PersonText))).Content[0].Parsed()!,
        ["errors"] = async () => new Errors(
            await Thrown.ByAsync(() => Client(Scene.WrongKey).Messages.Create(Ask(Scene.Question))),
            await Thrown.ByAsync(
                () => Client().Messages.Create(Ask(Scene.Question) with { Model = Scene.WrongModel }))),
    };

    /// <summary>This client adds the version to the address by itself.</summary>
    private static AnthropicClient Client(string? key = null) => new(new ClientOptions
    {
        BaseUrl = Scene.Api[..^"/v1".Length], ApiKey = key ?? Scene.Key, MaxRetries = 0,
    });

    /// <summary>Sends the result of an answer's call and gives the answer to it.</summary>
    private static async Task<Called> AnswerOfAsync(Message first)
    {
        var call = first.Content.Select(block => block.TryPickToolUse(out var use) ? use : null).Single(use => use is not null)!;
        var said = new AssistantMessageParam(
            new MessageContentParam([new ToolUseBlockParam { ID = call.ID, Name = call.Name, Input = call.Input }]));
        var result = new UserMessageParam(
            new MessageContentParam([new ToolResultBlockParam(call.ID) { Content = Scene.Report }]));
        var answer = await Client().Messages.Create(WithTool(Asked, said, result));
        return new Called(call.Name, call.Input, TextOf(answer));
    }

    private static string TextOf(Message message) =>
        string.Concat(message.Content.Select(block => block.TryPickText(out var text) ? text.Text : ""));

    private static MessageCreateParams Ask(string question) => Of([new UserMessageParam(question)]);

    private static MessageCreateParams WithTool(params MessageParam[] messages) => Of(messages) with
    {
        Tools =
        [
            new Tool
            {
                Name = Scene.ToolName,
                Description = Scene.ToolDescription,
                InputSchema = new InputSchema(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Scene.ToolParameters)!),
            },
        ],
    };

    private static MessageCreateParams Of(IReadOnlyList<MessageParam> messages) =>
        new(None, None, Greedy) { Model = Scene.ChatModel, MaxTokens = Scene.MaxTokens, Messages = messages };
}
