using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>A request that an image classifier can take.</summary>
/// <param name="Write">Writes the answer's JSON.</param>
internal sealed record ImageClassificationJob(
    LoadedImageClassifier Classifier, IReadOnlyList<PictureInput> Images, Action<Utf8JsonWriter, PictureLogits> Write) : ITaskJob
{
    public LoadedModel Model => Classifier;

    public ITaskRun Begin(RequestScope scope) => new ImageClassificationWork(this, scope);
}

/// <summary>What an image classifier gave.</summary>
/// <param name="Request">The request's id.</param>
/// <param name="Logits">Of each picture, in the order of the request.</param>
internal sealed record PictureLogits(Guid Request, ImageClassifier Model, IReadOnlyList<float[]> Logits, Units Units);
