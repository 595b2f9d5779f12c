using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Workers;

/// <summary>Sizes and steps of a model that draws, with which a gateway bounds the pixels and steps of a request.</summary>
/// <param name="Pixels">Of a picture whose request states no size.</param>
/// <param name="MostPixels">Of any picture that the worker draws.</param>
/// <param name="Steps">Of a picture whose request states none.</param>
/// <param name="MostSteps">Of any picture that the worker draws.</param>
public sealed record DrawingMeasure(long Pixels, long MostPixels, int Steps, int MostSteps)
{
    /// <summary>The most units beside tokens that a request uses. A worker refuses more pixels or steps than its most.</summary>
    public Units MostUnits(ImageGenerationRequest request)
    {
        var pixels = request.PictureSize is (var width, var height) ? Math.Min((long)width * height, MostPixels) : Pixels;
        return new Units(
            0, Images: request.N, Pixels: request.N * pixels, Steps: (long)request.N * Math.Min(request.Steps ?? Steps, MostSteps));
    }
}
