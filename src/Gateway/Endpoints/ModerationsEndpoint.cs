using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/moderations</c>.</summary>
internal sealed class ModerationsEndpoint() : InferenceEndpoint(PublicEndpoint.Moderations), IEndpoint
{
    private const string Install =
        "The operator installs a classifier of texts or pictures with a moderation.json in its folder by ./tollgate models import FOLDER, "
        + $"and gives it the alias '{ModerationRequest.DefaultModel}' on the {PortalPages.Aliases} page of the portal.";

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

    public override OpenAiError ModelNotFound(string name) =>
        name == ModerationRequest.DefaultModel ? OpenAiError.ModelNotInstalled(name, Install) : base.ModelNotFound(name);

    public override OpenAiError? Refuse(ModelCard card, InferenceRequest request) => card.Moderates
        ? ((ModerationRequest)request).Refuse(card.Name, readsPictures: card.Task == ModelTask.ImageClassification.Name)
        : OpenAiError.ModelNotForEndpoint(card.Name, WorkerPath);

    public override bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = ModerationRequest.TryParse(body, out var moderation, out error);
        request = moderation;
        return read;
    }
}
