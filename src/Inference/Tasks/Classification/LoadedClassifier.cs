using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Tasks.Moderation;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A classifier of texts.</summary>
/// <param name="described">Its card, without the measure.</param>
internal sealed class LoadedClassifier(Classifier classifier, ModelCard described)
    : LoadedModel(classifier.Installed), ITextScorer, IModerator
{
    public Classifier Classifier { get; } = classifier;

    public override ModelCard Card => described with { Measure = Classifier.Measure };

    public IReadOnlyList<string> Labels => Classifier.Classification.Labels;

    public override ModelLoad Load
    {
        get
        {
            // A request whose explainer is being made is not at the engine yet.
            var load = Classifier.Engine.Load;
            return load with { Active = Math.Max(load.Active, Classifier.Explainers.Users - load.Queued) };
        }
    }

    public ModerationMap? Moderation => Classifier.Classification.Moderation;

    public bool JudgesPictures => false;

    public ITaskJob Moderate(ModerationRequest request, ModerationMap map) => new ClassificationJob(
        this, request.Inputs, "input", (json, result) => ModerationFormat.Write(
            json,
            new ModerationScores(
                result.Request, result.Model, Classifier.Classification.Labels,
                Classifier.Classification.Activation == ModelClassification.Softmax, [.. result.Scores.Select(scores => scores.All)],
                "text", request.IsOneInput),
            map));

    public Task<OrRefusal<IReadOnlyList<double>>> ScoreAsync(Party party, string text, CancellationToken cancellationToken) =>
        new TextScoring(Classifier, party, text).RunAsync(cancellationToken);

    public override Task WarmUpAsync(CancellationToken cancellationToken) => Classifier.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Classifier.Dispose();
        return ValueTask.CompletedTask;
    }
}
