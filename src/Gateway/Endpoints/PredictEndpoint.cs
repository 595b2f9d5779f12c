using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /predict</c>, the endpoint of the usual Flask tutorial, and <c>POST /v1/predict</c>, which is the same.</summary>
internal sealed class PredictEndpoint() : InferenceEndpoint(PublicEndpoint.Predict), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public override bool TakesUnlabelledJson => true;

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, Api.Paths[0], "predict", "Label a text as a tutorial's service does");
        Map(routes, Api.Paths[1], "predictOfVersion", "The same below a client's base URL");
    }

    public override bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = PredictRequest.TryParse(body, engine, out var prediction, out error);
        request = prediction;
        return read;
    }

    private void Map(IEndpointRouteBuilder routes, string path, string name, string summary) => routes.MapInferenceOfQuery(this, path)
        .Describe(
            name, "Predict", summary,
            "Returns the number of the best label, its name and its score; a list of texts gets lists. The body is JSON whatever its "
            + "`Content-Type` is: absent, `application/x-www-form-urlencoded` and `text/plain` are taken too.")
        .Takes<PredictRequestBody>(PredictExamples.Text, PredictExamples.Texts)
        .Answers<Prediction>(
            PredictExamples.Label, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "data"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
