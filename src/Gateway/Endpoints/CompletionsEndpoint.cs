using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/completions</c>, and <c>POST /v1/engines/{engine}/completions</c>, which is the same with the model in its
/// path.</summary>
internal sealed class CompletionsEndpoint() : InferenceEndpoint(PublicEndpoint.Completions), IEndpoint
{
    public void Map(IEndpointRouteBuilder routes)
    {
        Document(routes.MapInference(this).Describe(
            "createCompletion", "Completions", "Continue a text",
            "Generates what follows a prompt, in one piece or, with `stream: true`, as events while it is generated.")
            .Takes<CompletionRequestBody>(CompletionExamples.Prompt));
        Document(routes.MapInferenceOfEngine(this, Api.Paths[1]).Describe(
            "createEngineCompletion", "Completions", "Continue a text (older form)",
            "The same as `POST /v1/completions`, with the model in the path.")
            .Takes<EngineCompletionRequestBody>(CompletionExamples.EnginePrompt));
    }

    private void Document(RouteHandlerBuilder route) => route
        .Answers<Completion>(CompletionExamples.Answer, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated])
        .Streams<CompletionChunk>(CompletionExamples.Events)
        .Fails(DocumentedErrors.OfInference(Api, "prompt"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);

    public override bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = engine is null
            ? CompletionRequest.TryParse(body, out var completion, out error)
            : CompletionRequest.TryParse(body, engine, out completion, out error);
        request = completion;
        return read;
    }
}
