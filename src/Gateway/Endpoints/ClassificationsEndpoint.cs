using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/classifications</c>.</summary>
internal sealed class ClassificationsEndpoint() : JsonEndpoint<ClassificationRequest>(PublicEndpoint.Classifications), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createClassification", "Classifications", "Label texts",
            "Returns the best label of each input with its score, in the order of the inputs. Scores of a model whose labels exclude each "
            + "other sum to 1 (softmax); those of a multi-label model are independent (sigmoid). With `explain` each result states what "
            + "the tokens of its text add to a label's score.")
        .Takes<ClassificationRequestBody>(ClassificationExamples.Texts, ClassificationExamples.Explained)
        .Answers<ClassificationList>(
            ClassificationExamples.Labels, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "input"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
