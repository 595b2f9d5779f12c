using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>A request that an image classifier can take.</summary>
internal sealed record ImageClassificationJob(LoadedImageClassifier Classifier, ImageClassificationRequest Request) : ITaskJob
{
    public LoadedModel Model => Classifier;

    public ITaskRun Begin(RequestScope scope) => new ImageClassificationWork(this, scope);
}
