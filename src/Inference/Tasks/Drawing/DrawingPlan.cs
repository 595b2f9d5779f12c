using Tollgate.Inference.Diffusion;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>What a request draws, checked and complete.</summary>
/// <param name="Pictures">1 to 10.</param>
/// <param name="Unguided">The negative prompt or an empty text; null: without guidance.</param>
/// <param name="PartialPictures">Intermediate pictures wanted of each picture, 0 to 3.</param>
internal sealed record DrawingPlan(
    int Pictures, int Width, int Height, LatentShape Shape, int Steps, double Guidance, long Seed, PromptIds Prompt,
    PromptIds? Unguided, int PartialPictures)
{
    /// <summary>Whether zeros take the place of the unguided text's states.</summary>
    public bool ZeroUnguided { get; init; }

    /// <summary>Tokens of the texts that are read.</summary>
    public required int TextTokens { get; init; }

    /// <summary>Of one picture.</summary>
    public long Pixels => (long)Width * Height;

    /// <summary>The intermediate picture, from 0, that is shown after a call of the denoiser; null for none. They lie evenly between the
    /// start and the end; a drawing of few calls has fewer.</summary>
    /// <param name="callsDone">From 1.</param>
    public int? PartialAfter(int callsDone, int calls)
    {
        if (callsDone == calls)
        {
            return null;
        }

        for (var index = 0; index < PartialPictures; index++)
        {
            if (Math.Max(1, calls * (index + 1) / (PartialPictures + 1)) == callsDone)
            {
                return index;
            }
        }

        return null;
    }
}
