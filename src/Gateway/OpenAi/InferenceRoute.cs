using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.OpenAi;

/// <summary>One endpoint that runs a model: what it is called, how its body is read and where a worker has it.</summary>
/// <param name="Scope">Name that a key's scopes use.</param>
/// <param name="WorkerPath">Path at the worker.</param>
/// <param name="Task">Task of the models that it serves.</param>
internal sealed record InferenceRoute(string Scope, string WorkerPath, string Task)
{
    public static readonly InferenceRoute Chat = new(KeyScopes.ChatCompletions, "v1/chat/completions", "chat");

    /// <summary>Also for <c>/v1/engines/{engine}/completions</c>, which is the same with the model in its path.</summary>
    public static readonly InferenceRoute Completions = new(KeyScopes.Completions, "v1/completions", "chat");

    public static readonly InferenceRoute Embeddings = new(KeyScopes.Embeddings, "v1/embeddings", "embeddings");

    /// <summary>Reads and checks a body; exactly one of the two is set.</summary>
    /// <param name="engine">The model in the path, or null.</param>
    public bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = false;
        if (this == Chat)
        {
            read = ChatRequest.TryParse(body, out var chat, out error);
            request = chat;
        }
        else if (this == Embeddings)
        {
            read = EmbeddingRequest.TryParse(body, out var embedding, out error);
            request = embedding;
        }
        else
        {
            read = engine is null
                ? CompletionRequest.TryParse(body, out var completion, out error)
                : CompletionRequest.TryParse(body, engine, out completion, out error);
            request = completion;
        }

        return read;
    }
}
