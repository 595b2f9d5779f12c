using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/images/ocr</c>.</summary>
internal sealed class ImageOcrEndpoint() : JsonOrFormEndpoint<ImageOcrRequest>(PublicEndpoint.ImageOcr), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createImageOcr", "Images", "Read the text in a picture",
            "Returns the lines of text in the order of reading, each with its words, and where they are in the picture. "
            + "PNG, JPEG, WebP, GIF and BMP are read, turned upright by their EXIF orientation; transparency is left out. "
            + "Text may be turned by any angle. Animations are refused, and pictures are not fetched from URLs.")
        .Takes<ImageOcrRequestBody>(ImageOcrExamples.Picture)
        .TakesForm<ImageOcrForm>()
        .Answers<ImageOcr>(
            ImageOcrExamples.Text, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "image"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
