using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/moderations</c>.</summary>
internal sealed class ModerationsEndpoint() : JsonEndpoint<ModerationRequest>(PublicEndpoint.Moderations), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createModeration", "Moderations", "Find harmful texts and pictures",
            "Returns one result for each text; the parts of one input get one result, whose scores are the highest of its parts'. A "
            + "category that the model does not judge has the score 0 and no applied input type. A model judges texts or pictures; the "
            + "other kind is refused. Pictures are data URLs and are not fetched.")
        .Takes<ModerationRequestBody>(ModerationExamples.Text, ModerationExamples.Parts, ModerationExamples.Picture)
        .Answers<ModerationAnswer>(
            ModerationExamples.Answer, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "input"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);

    public override OpenAiError? Refuse(ModelCard card) =>
        card.Moderates ? null : OpenAiError.ModelNotForEndpoint(card.Name, WorkerPath);

    public override OpenAiError? Refuse(ModelCard card, InferenceRequest request) =>
        ((ModerationRequest)request).Refuse(card.Name, readsPictures: card.Task == ModelTask.ImageClassification.Name);
}
