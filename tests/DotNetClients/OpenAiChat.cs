using System.Text;
using System.Text.Json;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace Tollgate.DotNetClients;

/// <summary>The official .NET client on <c>/v1/chat/completions</c>.</summary>
internal static class OpenAiChat
{
    private static readonly UserChatMessage Asked = new(Scene.ToolQuestion);

    private static ChatClient Client(string model = Scene.ChatModel, string? key = null) =>
        new(model, Scene.Credential(key), Scene.Options());

    public static Abilities Abilities() => new()
    {
        ["chat"] = async () =>
        {
            var answer = (await Client().CompleteChatAsync([new UserChatMessage(Scene.Question)], Options())).Value;
            return new Answer(answer.Content[0].Text, answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount);
        },
        ["stream"] = async () => await Streamed.ReadAsync(
            Client().CompleteChatStreamingAsync([new UserChatMessage(Scene.Question)], Options())
                .Select(update => update.ContentUpdate.Count > 0 ? update.ContentUpdate[0].Text : null)),
        ["tools"] = async () =>
        {
            var answer = (await Client().CompleteChatAsync([Asked], WithTool(ChatToolChoice.CreateRequiredChoice()))).Value;
            return await AnswerOfAsync(answer.ToolCalls.Single());
        },
        ["streamedTools"] = async () => await AnswerOfAsync(await StreamedCallAsync()),
        ["structured"] = async () =>
        {
            var options = Options();
            options.ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("person", Scene.PersonSchema, jsonSchemaIsStrict: true);
            var answer = (await Client().CompleteChatAsync([new UserChatMessage(Scene.PersonText)], options)).Value;
            return JsonSerializer.Deserialize<Person>(answer.Content[0].Text, JsonSerializerOptions.Web)!;
        },
        ["embeddings"] = async () =>
        {
            var client = new EmbeddingClient(Scene.VectorModel, Scene.Credential(), Scene.Options());
            return (await client.GenerateEmbeddingsAsync(Scene.Texts)).Value.Select(item => item.ToFloats().ToArray()).ToList();
        },
        ["errors"] = async () => new Errors(
            await Thrown.ByAsync(
                () => Client(key: Scene.WrongKey).CompleteChatAsync([new UserChatMessage(Scene.Question)], Options())),
            await Thrown.ByAsync(
                () => Client(Scene.WrongModel).CompleteChatAsync([new UserChatMessage(Scene.Question)], Options()))),
    };

    /// <summary>The call that a stream holds in pieces.</summary>
    private static async Task<ChatToolCall> StreamedCallAsync()
    {
        var (id, name, arguments) = ("", "", new StringBuilder());
        var choice = ChatToolChoice.CreateFunctionChoice(Scene.ToolName);
        await foreach (var update in Client().CompleteChatStreamingAsync([Asked], WithTool(choice)))
        {
            foreach (var piece in update.ToolCallUpdates)
            {
                id += piece.ToolCallId;
                name += piece.FunctionName;
                arguments.Append(piece.FunctionArgumentsUpdate);
            }
        }

        return ChatToolCall.CreateFunctionToolCall(id, name, BinaryData.FromString(arguments.ToString()));
    }

    /// <summary>Sends the result of a call and gives the answer.</summary>
    private static async Task<Called> AnswerOfAsync(ChatToolCall call)
    {
        ChatMessage[] messages = [Asked, new AssistantChatMessage([call]), new ToolChatMessage(call.Id, Scene.Report)];
        var answer = (await Client().CompleteChatAsync(messages, WithTool(ChatToolChoice.CreateAutoChoice()))).Value;
        return new Called(call.FunctionName, JsonElement.Parse(call.FunctionArguments.ToString()), answer.Content[0].Text);
    }

    private static ChatCompletionOptions Options() => new() { Temperature = 0, MaxOutputTokenCount = Scene.MaxTokens };

    private static ChatCompletionOptions WithTool(ChatToolChoice choice)
    {
        var options = Options();
        options.Tools.Add(
            ChatTool.CreateFunctionTool(Scene.ToolName, Scene.ToolDescription, Scene.ToolParameters, functionSchemaIsStrict: true));
        options.ToolChoice = choice;
        return options;
    }
}
