using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Pipeline;
using Tollgate.Gateway.Relays;
using Tollgate.Gateway.Responses;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>/v1/responses</c>. What was kept of it, the service Learning answers.</summary>
internal sealed class ResponsesEndpoint() : JsonEndpoint<ResponsesRequest>(PublicEndpoint.Responses), IEndpoint
{
    private const string Tag = "Responses";
    private const string IdText = "Id of a response.";

    private static readonly OpenAiError[] OfResponse = [OpenAiError.ResponseNotFound(ResponseExamples.Id)];
    private readonly RelayedRoutes _kept = new(PublicEndpoint.Responses, "learning");

    /// <summary>The last event has the whole response, and that repeats the request's functions and instructions.</summary>
    public override int LargestEvent => 64 * 1024 * 1024;

    public void Map(IEndpointRouteBuilder routes)
    {
        MapCreation(routes)
            .Describe(
                "createResponse", Tag, "Answer a conversation, and keep the answer",
                "Generates the next items of a conversation, in one piece or, with `stream: true`, as events while they are generated. "
                + "With `previous_response_id` the conversation of a response that was kept goes on: only what is new is sent, and the "
                + "whole counts as input. A response is kept unless `store` is false or the project's setting forbids it; it is found by "
                + "its id as soon as the last event, or the answer, is out. With `background: true` the answer is the response with the "
                + "status queued, at once; it runs later, and is read by its id until it has ended. Every member of OpenAI's request is "
                + "known: one that cannot change the answer is ignored, one that would and is not supported is refused by name.")
            .Takes<ResponseRequestBody>(ResponseExamples.Question, ResponseExamples.NextQuestion)
            .Answers<ResponseObjectBody>(ResponseExamples.Response, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated])
            .Streams<ResponseEventBody>(
                ResponseExamples.Events,
                "the last event is response.completed or response.incomplete, which has the whole response, or response.failed or error, "
                + "after which nothing follows.")
            .Fails(
                [
                    .. DocumentedErrors.OfInference(Api, "input"), OpenAiError.PreviousResponseNotFound(ResponseExamples.Id),
                    OpenAiError.ConversationTooLong(ResponseExamples.Id, 1_000, 8 * 1024 * 1024), OpenAiError.ResponsesNotKept(),
                    OpenAiError.PreviousResponseNotCompleted(ResponseExamples.Id, "queued"), OpenAiError.BackgroundNotKept(),
                    OpenAiError.TooManyBackgroundResponses(200), OpenAiError.BackgroundKeyReused(ResponseExamples.Id),
                    OpenAiError.ResponseStorageFull(1_000_000, 10_737_418_240), OpenAiError.ServiceAway("Stored responses"),
                ],
                [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
        MapKept(routes);
    }

    /// <summary>What Learning answers itself is not offered to it.</summary>
    public void MapCalls(IEndpointRouteBuilder routes) => MapCreation(routes);

    private RouteHandlerBuilder MapCreation(IEndpointRouteBuilder routes) => routes.MapPost(
        Api.Path, (HttpContext context, InferencePipeline pipeline, ResponseDesk desk, BackgroundWatch watch) =>
        {
            var call = ApiCall.Of(context);
            return call.Background is { } response ? watch.RunAsync(context, response, RunAsync) : RunAsync();

            Task RunAsync() => pipeline.RunAsync(context, this, url: null, desk.CompletionOf(call));
        });

    private void MapKept(IEndpointRouteBuilder routes)
    {
        _kept.Free(
            _kept.Map(routes, "GET", "/v1/responses/{response}")
                .Describe(
                    "retrieveResponse", Tag, "Show a response",
                    "Shows a response that was kept, as it was answered, or one in the background as it is now. It is kept for 30 days "
                    + "unless the operator has set another time.")
                .HasId("response", IdText).AsksFor(ResponseExamples.RetrieveParameters)
                .Answers<ResponseObjectBody>(ResponseExamples.Response),
            [
                .. OfResponse, OpenAiError.UnknownParameter("before"), OpenAiError.InvalidValue("stream", "true or false", "'1'"),
                OpenAiError.UnsupportedParameter("stream", "cannot be true here: a response that was kept is answered in one piece"),
                OpenAiError.ResponseDamaged(),
            ]);
        _kept.Counted(
            _kept.Map(routes, "DELETE", "/v1/responses/{response}")
                .Describe(
                    "deleteResponse", Tag, "Delete a response",
                    "Destroys the content of a response that was kept. One that waits or runs in the background is cancelled first. A "
                    + "conversation cannot go on from it, nor from later responses that build on it.")
                .HasId("response", IdText).Answers<ResponseDeletedBody>(ResponseExamples.Deleted, AnswerHeaderTable.Limits),
            OfResponse);
        _kept.Counted(
            _kept.Map(routes, "POST", "/v1/responses/{response}/cancel")
                .Describe(
                    "cancelResponse", Tag, "Cancel a response",
                    "Cancels a response in the background. One that waits costs nothing and never runs; of one that runs, what was "
                    + "generated is billed. One that has ended is shown as it is. A response that was not in the background is refused.")
                .HasId("response", IdText).Answers<ResponseObjectBody>(ResponseExamples.Response, AnswerHeaderTable.Limits),
            [.. OfResponse, OpenAiError.ResponseNotCancellable()]);
        _kept.Free(
            _kept.Map(routes, "GET", "/v1/responses/{response}/input_items")
                .Describe(
                    "listResponseInputItems", Tag, "List what a response read",
                    "Lists the items of the conversation that the response answered, the newest first: those of earlier responses that "
                    + "are still kept, and its own input.")
                .HasId("response", IdText).AsksFor(ResponseExamples.ListParameters)
                .Answers<ResponseItemListBody>(ResponseExamples.Items),
            [
                .. OfResponse, OpenAiError.InvalidValue("limit", "an integer between 1 and 100", "'0'"),
                OpenAiError.InvalidValue("after", "the id of an item of the list", "'msg_x'"), OpenAiError.UnknownParameter("before"),
                OpenAiError.ConversationTooLong(ResponseExamples.Id, 1_000, 8 * 1024 * 1024), OpenAiError.ResponseDamaged(),
            ]);
    }
}
