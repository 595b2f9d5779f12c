using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A classifier of texts.</summary>
/// <param name="described">Its card, without the measure.</param>
internal sealed class LoadedClassifier(Classifier classifier, ModelCard described) : LoadedModel(classifier.Installed), ITextScorer
{
    public Classifier Classifier { get; } = classifier;

    public override ModelCard Card => described with { Measure = Classifier.Measure };

    public IReadOnlyList<string> Labels => Classifier.Classification.Labels;

    public override ModelLoad Load => Classifier.Engine.Load;

    public Task<OrRefusal<IReadOnlyList<double>>> ScoreAsync(Guid organization, string text, CancellationToken cancellationToken) =>
        new TextScoring(Classifier, organization, text).RunAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Classifier.Dispose();
        return ValueTask.CompletedTask;
    }
}
