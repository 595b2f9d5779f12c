using System.Text.Json;
using Tollgate.DotNetClients;

Dictionary<string, Func<Abilities>> clients = new()
{
    ["openai"] = OpenAiChat.Abilities,
    ["openai-responses"] = OpenAiResponses.Abilities,
    ["extensions-ai"] = ExtensionsAi.Abilities,
    ["extensions-ai-responses"] = ExtensionsAi.AbilitiesOfResponses,
    ["semantic-kernel"] = SemanticKernel.Abilities,
    ["anthropic"] = AnthropicMessages.Abilities,
};
Console.WriteLine(JsonSerializer.Serialize(await clients[args[0]]().PlayAsync(), JsonSerializerOptions.Web));
