using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A picture that a model reads. It counts when it has been searched for text, whether it has any.</summary>
internal sealed class OcrWork(OcrJob job, RequestScope scope) : PictureRun(job.Loaded, [job.Request.Image], scope)
{
    protected override async Task<UnaryOutcome> AnswerAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        var model = job.Loaded.Model;
        if (!(await model.FindAsync(job.Request.Image, place, cancellationToken)).TryGet(out var found, out var refusal))
        {
            return new UnaryOutcome.Refused(refusal);
        }

        NoteRun(1);
        var lines = await model.ReadAsync(found, place, cancellationToken);
        return new UnaryOutcome.Computed(json => OcrFormat.Write(
            json, job.Model.Name, found, [.. lines.Where(line => line.Confidence >= job.Request.MinConfidence)], lines.Count, Units));
    }
}
