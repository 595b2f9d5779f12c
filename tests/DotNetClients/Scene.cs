using System.ClientModel;
using System.ClientModel.Primitives;
using System.ComponentModel;
using System.Text.Json;
using OpenAI;

namespace Tollgate.DotNetClients;

/// <summary>
/// What every client of the matrix is asked: the same as in <c>EndToEnd.Tests/clients/matrix/scene.mjs</c>. The environment gives the
/// address: <c>TOLLGATE_API</c>, with <c>/v1</c>, and <c>TOLLGATE_KEY</c>, a key.
/// </summary>
internal static class Scene
{
    public const string ChatModel = "tiny-assistant";
    public const string VectorModel = "tiny-embed";
    public const string WrongKey = "sk-tg-wrong";
    public const string WrongModel = "no-such-model";

    /// <summary>The model's context has 512 tokens; schemas of functions take a part of them.</summary>
    public const int MaxTokens = 60;

    public const string Question = "What is the capital of France?";
    public const string ToolQuestion = "What's the weather in Lisbon?";
    public const string PersonText = "Extract name and age: Marta is 41 years old and lives in Turin. Answer in JSON.";

    /// <summary>A function that the model was trained on.</summary>
    public const string ToolName = "get_weather";

    public const string ToolDescription = "Get the current weather in a city";

    /// <summary>What the function gives for every city.</summary>
    public const string Report = """{"temperature": 21, "condition": "sunny"}""";

    public static readonly string[] Texts = ["How do I change my password?", "My dog is ill"];

    /// <summary>The schema of the function's arguments.</summary>
    public static BinaryData ToolParameters { get; } = BinaryData.FromString(
        """
        {"type":"object","properties":{"city":{"type":"string","description":"Name of the city"}},"required":["city"],
        "additionalProperties":false}
        """);

    /// <summary>The schema of a <see cref="Person"/>.</summary>
    public static BinaryData PersonSchema { get; } = BinaryData.FromString(
        """
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],
        "additionalProperties":false}
        """);

    public static string Api { get; } = Variable("TOLLGATE_API");

    public static string Key { get; } = Variable("TOLLGATE_KEY");

    public static ApiKeyCredential Credential(string? key = null) => new(key ?? Key);

    public static OpenAIClientOptions Options() => new() { Endpoint = new Uri(Api), RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };

    /// <summary>The function as the clients that read methods see it, which notes what it was called with.</summary>
    public static Func<string, JsonElement> Weather(List<string> cities) =>
        ([Description("Name of the city")] city) =>
        {
            cities.Add(city);
            return JsonElement.Parse(Report);
        };

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set.");
}
