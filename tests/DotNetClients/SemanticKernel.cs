using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;
using OpenAI;

namespace Tollgate.DotNetClients;

/// <summary>Semantic Kernel over the official client, which runs functions by itself.</summary>
internal static class SemanticKernel
{
    public static Abilities Abilities() => new()
    {
        ["chat"] = async () =>
        {
            var answer = await Chat(KernelOf()).GetChatMessageContentAsync(Scene.Question, Settings());
            var usage = (OpenAI.Chat.ChatTokenUsage)answer.Metadata!["Usage"]!;
            return new Answer(answer.Content!, usage.InputTokenCount, usage.OutputTokenCount);
        },
        ["stream"] = async () => await Streamed.ReadAsync(
            Chat(KernelOf()).GetStreamingChatMessageContentsAsync(Scene.Question, Settings()).Select(piece => piece.Content)),
        ["tools"] = async () =>
        {
            var (cities, kernel) = WithTool();
            var answer = await Chat(kernel).GetChatMessageContentAsync(Scene.ToolQuestion, Calling(), kernel);
            return Called.Of(cities, answer.Content!);
        },
        ["streamedTools"] = async () =>
        {
            var (cities, kernel) = WithTool();
            var pieces = Chat(kernel).GetStreamingChatMessageContentsAsync(Scene.ToolQuestion, Calling(), kernel);
            return Called.Of(cities, (await Streamed.ReadAsync(pieces.Select(piece => piece.Content))).Text);
        },
        ["structured"] = async () =>
        {
            var settings = Settings();
            settings.ResponseFormat = typeof(Person);
            var answer = await Chat(KernelOf()).GetChatMessageContentAsync(Scene.PersonText, settings);
            return JsonSerializer.Deserialize<Person>(answer.Content!, JsonSerializerOptions.Web)!;
        },
        ["embeddings"] = async () =>
        {
            var generator = KernelOf().GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
            return (await generator.GenerateAsync(Scene.Texts)).Select(item => item.Vector.ToArray()).ToList();
        },
        ["errors"] = async () => new Errors(
            await Thrown.ByAsync(
                () => Chat(KernelOf(key: Scene.WrongKey)).GetChatMessageContentAsync(Scene.Question, Settings())),
            await Thrown.ByAsync(
                () => Chat(KernelOf(Scene.WrongModel)).GetChatMessageContentAsync(Scene.Question, Settings()))),
    };

    private static Kernel KernelOf(string model = Scene.ChatModel, string? key = null)
    {
        var client = new OpenAIClient(Scene.Credential(key), Scene.Options());
        var builder = Kernel.CreateBuilder().AddOpenAIChatCompletion(model, client);
        builder.AddOpenAIEmbeddingGenerator(Scene.VectorModel, client);
        return builder.Build();
    }

    private static IChatCompletionService Chat(Kernel kernel) => kernel.GetRequiredService<IChatCompletionService>();

    private static OpenAIPromptExecutionSettings Settings() => new() { Temperature = 0, MaxTokens = Scene.MaxTokens };

    /// <summary>Settings that want a call first; then the kernel offers no function any more.</summary>
    private static OpenAIPromptExecutionSettings Calling()
    {
        var settings = Settings();
        settings.FunctionChoiceBehavior = FunctionChoiceBehavior.Required();
        return settings;
    }

    /// <summary>A kernel whose function notes its cities. The model sees it as <c>weather-get_weather</c>.</summary>
    private static (List<string> Cities, Kernel Kernel) WithTool()
    {
        List<string> cities = [];
        var kernel = KernelOf();
        var function = KernelFunctionFactory.CreateFromMethod(Scene.Weather(cities), Scene.ToolName, Scene.ToolDescription);
        kernel.Plugins.AddFromFunctions("weather", [function]);
        return (cities, kernel);
    }
}
