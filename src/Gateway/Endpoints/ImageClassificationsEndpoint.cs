using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/images/classifications</c>.</summary>
internal sealed class ImageClassificationsEndpoint()
    : JsonOrFormEndpoint<ImageClassificationRequest>(PublicEndpoint.ImageClassifications), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createImageClassification", "Images", "Recognise what pictures show",
            "Returns the labels with the highest scores for each picture, best first, in the order of the pictures. "
            + "PNG, JPEG, WebP, GIF and BMP are read, turned upright by their EXIF orientation; transparency is left out. "
            + "Animations are refused, and pictures are not fetched from URLs.")
        .Takes<ImageClassificationRequestBody>(ImageClassificationExamples.Picture)
        .TakesForm<ImageClassificationForm>()
        .Answers<ImageClassificationList>(
            ImageClassificationExamples.Labels, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "image"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
