using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tasks.Moderation;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>An image classifier in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed class LoadedImageClassifier(
    ImageClassifier model, ModelCard card, TimeSpan queueTimeout, TimeProvider clock, ILogger<LoadedImageClassifier> logger)
    : LoadedPictureModel(model.Installed, model.Turns, queueTimeout, clock, logger), IModerator
{
    public ImageClassifier Model { get; } = model;

    public override ModelCard Card => card;

    public ModerationMap? Moderation => Model.Classification.Moderation;

    public bool JudgesPictures => true;

    public ITaskJob Moderate(ModerationRequest request, ModerationMap map) => new ImageClassificationJob(
        this, request.Images, (json, result) => ModerationFormat.Write(
            json,
            new ModerationScores(
                result.Request, Name, Model.Labels, !Model.Classification.Independent, [.. result.Logits.Select(Score)], "image",
                request.IsOneInput),
            map));

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }

    private IReadOnlyList<double> Score(float[] logits) => Array.ConvertAll(Model.Score(logits), score => (double)score);
}
