using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>A request that an object detector can take.</summary>
internal sealed record DetectionJob(LoadedDetector Detector, ImageDetectionRequest Request) : ITaskJob
{
    public LoadedModel Model => Detector;

    public ITaskRun Begin(RequestScope scope) => new DetectionWork(this, scope);
}
