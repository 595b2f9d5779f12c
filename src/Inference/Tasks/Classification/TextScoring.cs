using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>The scores of one text that no request to the classifier asks for.</summary>
internal sealed class TextScoring(Classifier classifier, Party party, string text) : IEncoderRequest
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private LabelScores?[] _scores = [];

    public Party Party => party;

    public long Size => text.Length;

    public IReadOnlyList<EncoderRow> Encode()
    {
        var rows = classifier.EncodeParts(text);
        _scores = new LabelScores?[rows.Count];
        return rows;
    }

    public void Read(int row, ReadOnlySpan<float> output) => _scores[row] = LabelScores.TryMake(output, classifier.Classification);

    public void Count(int tokens)
    {
        // The request that is checked is not charged for it.
    }

    /// <inheritdoc cref="ITextScorer.ScoreAsync"/>
    public async Task<OrRefusal<IReadOnlyList<double>>> RunAsync(CancellationToken cancellationToken)
    {
        if (await classifier.Engine.RunAsync(this, cancellationToken) != EncoderOutcome.Done)
        {
            return OpenAiError.Overloaded(RetryAfter);
        }

        cancellationToken.ThrowIfCancellationRequested(); // A cancelled request ends without scores.
        if (Array.Exists(_scores, scores => scores is null))
        {
            return OpenAiError.ServerError();
        }

        return Enumerable.Range(0, classifier.Classification.Labels.Count)
            .Select(label => _scores.Max(scores => scores![label])).ToArray();
    }
}
