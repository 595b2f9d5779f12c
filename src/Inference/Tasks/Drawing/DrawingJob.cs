using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A request that a painter can take.</summary>
internal sealed record DrawingJob(LoadedPainter Painter, ImageGenerationRequest Request, DrawingPlan Plan, DrawingChecks Checks) : ITaskJob
{
    public LoadedModel Model => Painter;

    /// <summary>What it uses at most.</summary>
    public Units Wanted => new(
        Plan.TextTokens, Images: Plan.Pictures, Pixels: Plan.Pictures * Plan.Pixels, Steps: (long)Plan.Pictures * Plan.Steps);

    public ITaskRun Begin(RequestScope scope) => new DrawingRun(this, scope);
}
