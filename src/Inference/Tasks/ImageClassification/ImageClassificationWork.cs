using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>A request that an image classifier works on.</summary>
internal sealed class ImageClassificationWork(ImageClassificationJob job, RequestScope scope)
    : PictureRun(job.Classifier, job.Images, scope)
{
    protected override async Task<UnaryOutcome> AnswerAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        var model = job.Classifier.Model;
        if (!(await model.FitAsync(job.Images, place, cancellationToken)).TryGet(out var fitted, out var refusal))
        {
            return new UnaryOutcome.Refused(refusal);
        }

        var logits = await model.ClassifyAsync(fitted, place, NoteRun, cancellationToken);
        return new UnaryOutcome.Computed(json => job.Write(json, new PictureLogits(RequestId, model, logits, Units)));
    }
}
