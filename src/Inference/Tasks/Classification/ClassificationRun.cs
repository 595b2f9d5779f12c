using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Explanations;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A request that a classifier works on. Logits or attributions that are no numbers end it as a failure of the model.</summary>
internal sealed class ClassificationRun(ClassificationJob job, RequestScope scope) : EncoderRun(job.Classifier.Classifier.Engine, scope)
{
    private readonly Classifier _classifier = job.Classifier.Classifier;
    private ClassifierRows _rows = new([], []);
    private LabelScores?[] _scores = [];
    private LabelScores[]? _means;
    private ITextExplainer? _explainer;
    private ScoreExplanation[]? _explanations;

    public override long Size { get; } = job.Inputs.Sum(input => (long)(input.Text?.Length ?? input.TokenIds!.Count));

    public override IEnumerable<int>? Pieces => job.Explain is null ? null : Explain(job.Explain);

    protected override int MostReadings => job.Explain?.MostReadings ?? 1;

    public override void Read(int row, ReadOnlySpan<float> output) =>
        _scores[row] = LabelScores.TryMake(output, _classifier.Classification);

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        if (job.Explain is null)
        {
            return await base.ComputeAsync(reply, cancellationToken);
        }

        using var use = _classifier.Explainers.Enter();
        var found = await _classifier.Explainers.FindAsync(job.Explain.Method).WaitAsync(cancellationToken);
        _explainer = found.Explainer;
        return found.Refusal is null
            ? await base.ComputeAsync(reply, cancellationToken)
            : new UnaryOutcome.Refused(OpenAiError.CannotExplain(job.Model.Name, job.Explain.Method, found.Refusal));
    }

    protected override OrRefusal<IReadOnlyList<EncoderRow>> Encode()
    {
        if (!_classifier.Encode(job.Inputs, job.Param, job.Truncation).TryGet(out var rows, out var refusal))
        {
            return refusal;
        }

        if (job.Explain is not null && rows.Rows.Length > ExplanationRequest.MostTexts)
        {
            return OpenAiError.InvalidValue(
                job.Param, $"texts of at most {ExplanationRequest.MostTexts} parts together beside 'explain'", $"{rows.Rows.Length}");
        }

        (_rows, _scores) = (rows, new LabelScores?[rows.Rows.Length]);
        return rows.Rows;
    }

    protected override OrRefusal<Action<Utf8JsonWriter>> Answer()
    {
        if (Means() is not { } means || _explanations?.All(explanation => explanation.Found.IsFinite) == false)
        {
            return OpenAiError.ModelFailed(job.Model.Name);
        }

        var result = new ClassificationResult(RequestId, job.Model.Name, means, Units.Prompt) { Explanations = _explanations };
        return (OrRefusal<Action<Utf8JsonWriter>>)(json => job.Write(json, result));
    }

    /// <summary>The scores of each input; null when a row has none.</summary>
    private LabelScores[]? Means()
    {
        if (_means is null && !Array.Exists(_scores, scores => scores is null))
        {
            var inputs = _scores.Zip(_rows.Inputs).ToLookup(row => row.Second, row => row.First!);
            _means = [.. Enumerable.Range(0, job.Inputs.Count).Select(input => LabelScores.Mean([.. inputs[input]]))];
        }

        return _means;
    }

    /// <summary>Explains each input, piece by piece.</summary>
    private IEnumerable<int> Explain(ExplanationRequest request)
    {
        if (Means() is not { } means)
        {
            yield break;
        }

        var explanations = new ScoreExplanation[job.Inputs.Count];
        for (var input = 0; input < explanations.Length; input++)
        {
            var text = new ExplainedText(
                [.. _rows.Rows.Where((_, row) => _rows.Inputs[row] == input).Select(row => row.Ids)],
                _classifier.Tokenizer.Frame.Prefix.Count, _classifier.Tokenizer.Frame.Suffix.Count,
                request.Label is { } name ? IndexOf(name) : means[input].Best, request.Steps);
            var place = input;
            foreach (var tokens in _explainer!.Explain(
                text, found => explanations[place] = ScoreExplanation.Of(_classifier.Tokenizer, text, found, job.Inputs[place].Text!)))
            {
                yield return tokens;
            }
        }

        _explanations = explanations;
    }

    private int IndexOf(string label) => _classifier.Classification.Labels.Index().First(pair => pair.Item == label).Index;
}
