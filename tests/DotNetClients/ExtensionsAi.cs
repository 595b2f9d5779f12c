using Microsoft.Extensions.AI;
using OpenAI;

namespace Tollgate.DotNetClients;

/// <summary>Microsoft.Extensions.AI over the official client, which runs functions by itself.</summary>
internal static class ExtensionsAi
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = Scene.MaxTokens };

    /// <summary>On <c>/v1/chat/completions</c>.</summary>
    public static Abilities Abilities() => Of((model, key) => Client(key).GetChatClient(model).AsIChatClient());

    /// <summary>On <c>/v1/responses</c>.</summary>
    public static Abilities AbilitiesOfResponses() => Of((model, key) => Client(key).GetResponsesClient().AsIChatClient(model));

    private static Abilities Of(Func<string, string?, IChatClient> clientOf)
    {
        var client = clientOf(Scene.ChatModel, null);
        var caller = client.AsBuilder().UseFunctionInvocation().Build();
        return new Abilities
        {
            ["chat"] = async () =>
            {
                var answer = await client.GetResponseAsync(Scene.Question, Greedy);
                return new Answer(answer.Text, answer.Usage!.InputTokenCount!.Value, answer.Usage.OutputTokenCount!.Value);
            },
            ["stream"] = async () => await Streamed.ReadAsync(
                client.GetStreamingResponseAsync(Scene.Question, Greedy).Select(update => (string?)update.Text)),
            ["tools"] = async () =>
            {
                var (cities, options) = WithTool(ChatToolMode.RequireAny);
                return Called.Of(cities, (await caller.GetResponseAsync(Scene.ToolQuestion, options)).Text);
            },
            ["streamedTools"] = async () =>
            {
                var (cities, options) = WithTool(ChatToolMode.RequireSpecific(Scene.ToolName));
                var answer = await caller.GetStreamingResponseAsync(Scene.ToolQuestion, options).ToChatResponseAsync();
                return Called.Of(cities, answer.Text);
            },
            ["structured"] = async () => (await client.GetResponseAsync<Person>(Scene.PersonText, Greedy)).Result,
            ["embeddings"] = async () =>
            {
                var generator = Client().GetEmbeddingClient(Scene.VectorModel).AsIEmbeddingGenerator();
                return (await generator.GenerateAsync(Scene.Texts)).Select(item => item.Vector.ToArray()).ToList();
            },
            ["errors"] = async () => new Errors(
                await Thrown.ByAsync(
                    () => clientOf(Scene.ChatModel, Scene.WrongKey).GetResponseAsync(Scene.Question, Greedy)),
                await Thrown.ByAsync(
                    () => clientOf(Scene.WrongModel, null).GetResponseAsync(Scene.Question, Greedy))),
        };
    }

    private static OpenAIClient Client(string? key = null) => new(Scene.Credential(key), Scene.Options());

    /// <summary>Options whose function notes its cities.</summary>
    /// <param name="mode">Holds for the first call; then the client lets the model choose.</param>
    private static (List<string> Cities, ChatOptions Options) WithTool(ChatToolMode mode)
    {
        List<string> cities = [];
        var options = Greedy.Clone();
        options.ToolMode = mode;
        options.Tools = [AIFunctionFactory.Create(Scene.Weather(cities), Scene.ToolName, Scene.ToolDescription)];
        return (cities, options);
    }
}
