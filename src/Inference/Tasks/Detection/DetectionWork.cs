using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>A request that an object detector works on.</summary>
internal sealed class DetectionWork(DetectionJob job, RequestScope scope) : PictureRun(job.Detector, job.Request.Images, scope)
{
    protected override async Task<UnaryOutcome> AnswerAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        var (detector, request) = (job.Detector.Detector, job.Request);
        if (!(await detector.FitAsync(request.Images, place, cancellationToken)).TryGet(out var fitted, out var refusal))
        {
            return new UnaryOutcome.Refused(refusal);
        }

        var found = new List<FoundObjects>(fitted.Count);
        foreach (var picture in fitted)
        {
            var objects = await detector.DetectAsync(picture, request.Threshold, place, () => NoteRun(1), cancellationToken);
            found.Add(new FoundObjects(picture.Width, picture.Height, [.. objects.Take(request.TopK)]));
        }

        return new UnaryOutcome.Computed(json => DetectionFormat.WriteList(json, job.Model.Name, found, Units));
    }
}
