using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/images/generations</c>. The <c>id:</c> of a stream's events counts steps and
/// pictures, see <see cref="DrawingProgress"/>.</summary>
internal sealed class ImageGenerationsEndpoint() : JsonEndpoint<ImageGenerationRequest>(PublicEndpoint.ImageGenerations), IEndpoint
{
    /// <summary>A picture of the largest size that an operator can allow, without any compression, in base64.</summary>
    public override int LargestEvent => 96 * 1024 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createImage", "Images", "Draw pictures",
            "Draws pictures of a text. `stream: true` sends events, with `partial_images` intermediate pictures too. Files state in their "
            + "XMP that a trained model made them. A prompt longer than the model reads is cut; `revised_prompt` then holds what was read. "
            + "The same seed gives the same picture. What the models cannot draw is refused by name. A picture is billed as a picture, by "
            + "its pixels and by its denoiser steps; one that is cancelled by the steps that were computed.")
        .Takes<ImageGenerationRequestBody>(ImageExamples.Prompt, ImageExamples.StreamedPrompt)
        .Answers<ImageList>(ImageExamples.Pictures, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated])
        .Streams<ImageEvent>(ImageExamples.Events)
        .Fails(
            [.. DocumentedErrors.OfInference(Api, "prompt"), OpenAiError.PromptRefused(), OpenAiError.DrawingRefused()],
            [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);

    public override long CountOf(Units units) => DrawingProgress.Of(units);

    public override Units UnitsOf(Units known, long count) => DrawingProgress.UnitsOf(known, count);
}
