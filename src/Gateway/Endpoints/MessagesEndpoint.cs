using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/messages</c>, and <c>POST /v1/messages/count_tokens</c>.</summary>
internal sealed class MessagesEndpoint() : JsonEndpoint<MessagesRequest>(PublicEndpoint.Messages), IEndpoint
{
    private const string RequestId = "req_0195aaaa00007000800000000000000b";

    private readonly CountTokens _countTokens = new();

    public void Map(IEndpointRouteBuilder routes)
    {
        Document(routes.MapInference(this)
            .Describe(
                "createMessage", "Messages", "Answer a conversation (Anthropic's clients)",
                "Generates the next message of a conversation as Anthropic's API does, in one piece or, with `stream: true`, as events "
                + "while it is generated. The key may stand in `x-api-key`. Every member of Anthropic's request is known: one that cannot "
                + "change the answer is ignored, one that would and is not supported is refused by name.")
            .Takes<MessagesRequestBody>(MessagesExamples.Question, MessagesExamples.StreamedQuestion, MessagesExamples.ToolResult)
            .Answers<MessageBody>(MessagesExamples.Answer, [.. Headers, .. AnswerHeaderTable.Generated])
            .Streams<MessageEvent>(
                MessagesExamples.Events, end: "the last event is message_stop, or an error after which nothing follows."));
        Document(routes.MapInference(_countTokens, Api.Paths[1])
            .Describe(
                "countMessageTokens", "Messages", "Count the tokens of a conversation",
                "Returns how many tokens the prompt of a conversation has, exactly as `POST /v1/messages` counts them. It runs no model "
                + "and is not charged; it counts against the limits of requests.")
            .Takes<CountTokensRequestBody>(MessagesExamples.Count)
            .Answers<CountTokensBody>(MessagesExamples.Counted, [.. Headers, .. AnswerHeaderTable.Generated]));
    }

    private static IEnumerable<string> Headers =>
        [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.OfAnthropic, .. AnswerHeaderTable.OfAnthropicKey];

    private void Document(RouteHandlerBuilder route) => route.Fails<AnthropicErrorBody>(
        DocumentedErrors.OfInference(Api, "messages"), [.. AnswerHeaderTable.Always, .. AnswerHeaderTable.OfAnthropic],
        [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits, .. AnswerHeaderTable.OfAnthropicKey],
        error => Wire.ToBody(error, RequestId));

    /// <summary>The second route. It goes the way of every request, asks for no tokens and is settled without any.</summary>
    private sealed class CountTokens() : JsonEndpoint<CountTokensRequest>(PublicEndpoint.Messages, PublicEndpoint.Messages.Paths[1]);
}
