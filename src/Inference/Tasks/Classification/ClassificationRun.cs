using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A request that a classifier works on. Logits that are no numbers end it as a failure of the model.</summary>
internal sealed class ClassificationRun(ClassificationJob job, RequestScope scope) : EncoderRun(job.Classifier.Classifier.Engine, scope)
{
    private ClassifierRows _rows = new([], []);
    private LabelScores?[] _scores = [];

    public override long Size { get; } = job.Inputs.Sum(input => (long)(input.Text?.Length ?? input.TokenIds!.Count));

    public override void Read(int row, ReadOnlySpan<float> output) =>
        _scores[row] = LabelScores.TryMake(output, job.Classifier.Classifier.Classification);

    protected override OrRefusal<IReadOnlyList<EncoderRow>> Encode()
    {
        if (!job.Classifier.Classifier.Encode(job.Inputs, job.Param, job.Truncation).TryGet(out var rows, out var refusal))
        {
            return refusal;
        }

        (_rows, _scores) = (rows, new LabelScores?[rows.Rows.Length]);
        return rows.Rows;
    }

    protected override OrRefusal<Action<Utf8JsonWriter>> Answer()
    {
        if (Array.Exists(_scores, scores => scores is null))
        {
            return OpenAiError.ModelFailed(job.Model.Name);
        }

        var inputs = _scores.Zip(_rows.Inputs).ToLookup(row => row.Second, row => row.First!);
        LabelScores[] means = [.. Enumerable.Range(0, job.Inputs.Count).Select(input => LabelScores.Mean([.. inputs[input]]))];
        var result = new ClassificationResult(RequestId, job.Model.Name, means, Units.Prompt);
        return (OrRefusal<Action<Utf8JsonWriter>>)(json => job.Write(json, result));
    }
}
