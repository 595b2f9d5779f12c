using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletionsEndpoint() : JsonEndpoint<ChatRequest>(PublicEndpoint.ChatCompletions), IEndpoint
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createChatCompletion", "Chat", "Answer a conversation",
            "Generates the next message of a conversation, in one piece or, with `stream: true`, as events while it is generated. "
            + "Every member of OpenAI's request is known: one that cannot change the answer is ignored, one that would and is not "
            + "supported is refused by name.")
        .Takes<ChatCompletionRequest>(ChatExamples.Question, ChatExamples.StreamedQuestion)
        .Answers<ChatCompletion>(ChatExamples.Answer, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated])
        .Streams<ChatCompletionChunk>(ChatExamples.Events)
        .Fails(DocumentedErrors.OfInference(Api, "messages"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
