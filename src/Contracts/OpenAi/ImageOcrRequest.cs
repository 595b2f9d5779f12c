using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/images/ocr</c>.</summary>
public sealed partial record ImageOcrRequest : InferenceRequest
{
    public required PictureInput Image { get; init; }

    /// <summary>Lines below it are left out of the answer, 0 to 1.</summary>
    public required double MinConfidence { get; init; }

    public override bool Generates => false;

    /// <summary>The picture and its pixels, as its header states them. A worker decodes no picture whose size is another one.</summary>
    public override Units Media => new(0, Images: 1, Pixels: Image.Header.Pixels);
}
