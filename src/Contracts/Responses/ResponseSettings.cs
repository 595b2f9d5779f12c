using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

/// <summary>What a response repeats of its request beside what makes the conversation. Null stands for a member that the client did not
/// send.</summary>
public sealed record ResponseSettings
{
    /// <summary>All functions, also where none may be called.</summary>
    public required IReadOnlyList<ToolDefinition> Tools { get; init; }

    /// <summary><c>tool_choice</c>, a text or an object.</summary>
    public JsonElement? ToolChoice { get; init; }

    public bool ParallelToolCalls { get; init; } = true;

    /// <summary><c>text.format</c>, an object.</summary>
    public JsonElement? Format { get; init; }

    /// <summary><c>text.verbosity</c>, a hint.</summary>
    public string? Verbosity { get; init; }

    /// <summary><c>reasoning.effort</c>, a hint.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary><c>reasoning.summary</c>, a hint.</summary>
    public string? ReasoningSummary { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];

    public long? MaxToolCalls { get; init; }

    /// <summary>Alternatives shown for each token.</summary>
    public int TopLogprobs { get; init; }

    public string? User { get; init; }

    public string? SafetyIdentifier { get; init; }

    public string? PromptCacheKey { get; init; }

    public string? PromptCacheRetention { get; init; }
}
