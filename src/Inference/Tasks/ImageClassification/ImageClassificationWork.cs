using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>A request that an image classifier works on. All pictures are decoded before the first run, so that a damaged one costs
/// nothing. Runs count themselves; a cancel ends the work between two steps.</summary>
internal sealed class ImageClassificationWork(ImageClassificationJob job, RequestScope scope) : UnaryRun(scope)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private int _images;

    /// <summary>Pictures run in the order of the request.</summary>
    public override Units Units => job.Request.MediaOf(Volatile.Read(ref _images));

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        if (Scope.CheckHold(job.Request.Media) is { } aboveHold)
        {
            return new UnaryOutcome.Refused(aboveHold);
        }

        using var place = job.Classifier.Model.Turns.TryJoin(Scope.Identity.Organization);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        using var deadline = job.Classifier.LimitWait(place);
        try
        {
            return await ClassifyAsync(place, cancellationToken);
        }
        catch (ModelRunException exception)
        {
            job.Classifier.NoteFailure(RequestId, exception);
            return new UnaryOutcome.Refused(OpenAiError.ServerError());
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    private async Task<UnaryOutcome> ClassifyAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        var model = job.Classifier.Model;
        if (!(await model.FitAsync(job.Request.Images, place, cancellationToken)).TryGet(out var fitted, out var refusal))
        {
            return new UnaryOutcome.Refused(refusal);
        }

        var logits = await model.ClassifyAsync(fitted, place, images => Interlocked.Add(ref _images, images), cancellationToken);
        return new UnaryOutcome.Computed(json => ImageClassificationFormat.WriteList(
            json, job.Model.Name, [.. logits.Select(row => model.Rank(row, job.Request.TopN))], Units));
    }
}
