using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/images/detections</c>.</summary>
internal sealed class ImageDetectionsEndpoint() : JsonOrFormEndpoint<ImageDetectionRequest>(PublicEndpoint.ImageDetections), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createImageDetection", "Images", "Find objects in pictures",
            "Returns the objects of each picture with label, score and box, best first, in the order of the pictures. Of boxes that "
            + "overlap under one label the best stays. Boxes count in pixels of the upright picture and may reach past its edge. "
            + "PNG, JPEG, WebP, GIF and BMP are read, turned upright by their EXIF orientation; transparency is left out. "
            + "Animations are refused, and pictures are not fetched from URLs.")
        .Takes<ImageDetectionRequestBody>(ImageDetectionExamples.Picture)
        .TakesForm<ImageDetectionForm>()
        .Answers<ImageDetectionList>(
            ImageDetectionExamples.Objects, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "image"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
