using System.Text.Json;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>
/// A client library on one of the wires it speaks, run as a program that asks what <c>clients/matrix/scene.mjs</c> says and prints what it
/// got as one JSON object, a member an ability.
/// </summary>
/// <param name="Name">As rows of the matrix show it: the library, and the wire where that is not the one of chat completions.</param>
/// <param name="Script">A script of <c>clients/matrix</c> that Node runs; or the argument of the program <c>DotNetClients</c>.</param>
/// <param name="Wire">The script's argument, or none.</param>
/// <param name="WrongKey">What it throws for a wrong key: its class.</param>
/// <param name="WrongModel">What it throws for a model that does not exist: its class.</param>
internal sealed record MatrixClient(string Name, string Script, string? Wire, string WrongKey, string WrongModel)
{
    private const string Unauthorized = "AuthenticationError";
    private const string NotFound = "NotFoundError";
    private const string OfOpenAi = "ClientResultException";
    private static readonly string Scripts = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "matrix");

    public static IReadOnlyList<MatrixClient> All { get; } =
    [
        new("openai (npm)", "openai.mjs", null, Unauthorized, NotFound),
        new("openai (npm), responses", "openai-responses.mjs", null, Unauthorized, NotFound),
        new("ai, responses", "ai.mjs", "responses", "APICallError", "APICallError"),
        new("ai", "ai.mjs", "chat", "APICallError", "APICallError"),
        new("langchain", "langchain.mjs", "chat", Unauthorized, NotFound),
        new("langchain, responses", "langchain.mjs", "responses", Unauthorized, NotFound),
        new("llamaindex", "llamaindex.mjs", "chat", Unauthorized, NotFound),
        new("llamaindex, responses", "llamaindex.mjs", "responses", Unauthorized, NotFound),
        new("anthropic (npm), messages", "anthropic.mjs", null, Unauthorized, NotFound),
        new("OpenAI (NuGet)", "openai", null, OfOpenAi, OfOpenAi),
        new("OpenAI (NuGet), responses", "openai-responses", null, OfOpenAi, OfOpenAi),
        new("Microsoft.Extensions.AI", "extensions-ai", null, OfOpenAi, OfOpenAi),
        new("Microsoft.Extensions.AI, responses", "extensions-ai-responses", null, OfOpenAi, OfOpenAi),
        new("Semantic Kernel", "semantic-kernel", null, "HttpOperationException", "HttpOperationException"),
        new("Anthropic (NuGet), messages", "anthropic", null, "AnthropicUnauthorizedException", "AnthropicNotFoundException"),
    ];

    /// <summary>Whether it is a client of Anthropic's.</summary>
    public bool IsAnthropic => Name.EndsWith("messages", StringComparison.Ordinal);

    /// <summary>Whether it has a call for embeddings, which the others' wire lacks or another row's has.</summary>
    public bool Embeds => !IsAnthropic && Script is not ("openai-responses.mjs" or "openai-responses");

    /// <summary>Runs it once and gives what it printed.</summary>
    /// <param name="api">The address with <c>/v1</c>.</param>
    /// <param name="key">Its API key.</param>
    public async Task<JsonElement> RunAsync(string api, string key)
    {
        var environment = new Dictionary<string, string> { ["TOLLGATE_API"] = api, ["TOLLGATE_KEY"] = key };
        var run = Script.EndsWith(".mjs", StringComparison.Ordinal)
            ? await ProgramRun.RunAsync("node", [Path.Combine(Scripts, Script), Wire ?? ""], environment)
            : await ProgramRun.RunAsync("dotnet", [OperatorCommands.Built("DotNetClients"), Script], environment);
        return JsonElement.Parse(run.Succeeded());
    }
}
