using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Diffusion;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary><c>POST /v1/images/generations</c>.</summary>
internal sealed class DrawingEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.ImageGenerations;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!ImageGenerationRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        return find(request.Model) is LoadedPainter painter
            ? Prepare(request, painter, new DrawingChecks(painter, find))
            : OpenAiError.ModelNotFound(request.Model);
    }

    private static PreparedRequest Prepare(ImageGenerationRequest request, LoadedPainter painter, DrawingChecks checks)
    {
        var sizes = painter.Sizes;
        var (width, height) = request.PictureSize ?? (sizes.NativeWidth, sizes.NativeHeight);
        if (!sizes.Allows(width, height))
        {
            return RefuseSize(sizes, width, height);
        }

        var steps = request.Steps ?? painter.UsualSteps;
        if (steps > painter.MostSteps)
        {
            return OpenAiError.InvalidValue("steps", $"an integer between 1 and {painter.MostSteps}", $"{steps}");
        }

        var guidance = request.Guidance ?? painter.Defaults.Guidance;
        var guided = guidance > 1 && !painter.Painter.Graphs.ReadsGuidance;
        if (request.NegativePrompt is not null && !guided)
        {
            return OpenAiError.InvalidValue("negative_prompt", "no text, because this model draws without an unguided row here, "
                + "so that it has no effect");
        }

        var layout = painter.Painter.Layout;
        var prompt = painter.Painter.Tokenize(request.Prompt);
        var unguided = guided ? painter.Painter.Tokenize(request.NegativePrompt ?? "") : null;
        var plan = new DrawingPlan(
            request.N, width, height, new LatentShape(layout.Channels, height / layout.Factor, width / layout.Factor), steps, guidance,
            request.Seed ?? PictureNoise.ChooseSeed(), prompt, unguided, request.PartialImages)
        {
            ZeroUnguided = layout.ZeroUnguided && request.NegativePrompt is null,
            TextTokens = prompt.Used + (request.NegativePrompt is null ? 0 : unguided!.Used),
        };
        return new PreparedRequest.Ready(new DrawingJob(painter, request, plan, checks));
    }

    private static OpenAiError RefuseSize(PictureSizes sizes, int width, int height)
    {
        var (nearWidth, nearHeight) = sizes.FindNear(width, height);
        var rule = sizes.Step is { } step
            ? $"a width and a height in steps of {step}, together at most {sizes.MaxPixels} pixels, such as '{nearWidth}x{nearHeight}'"
            : $"'auto' or '{nearWidth}x{nearHeight}', the only size of this model";
        return OpenAiError.InvalidValue("size", rule, $"'{width}x{height}'");
    }
}
