using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>Bounds of drawing pictures. Section <c>Drawing</c>.</summary>
public sealed class DrawingOptions
{
    public const string Section = "Drawing";

    /// <summary>Most pixels of a picture. Default 1,048,576, which is 1024 × 1024.</summary>
    [Range(64, 16_777_216)]
    public int MaxPixels { get; init; } = 1_048_576;

    /// <summary>Most steps of a picture. Default 100.</summary>
    [Range(1, 1_000)]
    public int MaxSteps { get; init; } = 100;

    /// <summary>Most pictures that share a call of the denoiser. More draw more pictures a second; each waits longer for its step.
    /// Default 4.</summary>
    [Range(1, 64)]
    public int PicturesPerCall { get; init; } = 4;
}

[OptionsValidator]
internal sealed partial class DrawingOptionsValidator : IValidateOptions<DrawingOptions>;
