using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A picture that a model reads. It counts when it has been searched for text, whether it has any; a cancel ends the work between
/// two turns.</summary>
internal sealed class OcrWork(OcrJob job, RequestScope scope) : UnaryRun(scope)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private int _searched;

    public override Units Units => Volatile.Read(ref _searched) == 0 ? default : job.Request.Media;

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        if (Scope.CheckHold(job.Request.Media) is { } aboveHold)
        {
            return new UnaryOutcome.Refused(aboveHold);
        }

        using var place = job.Loaded.Model.Turns.TryJoin(Scope.Identity.Organization);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        using var deadline = job.Loaded.LimitWait(place);
        try
        {
            return await ReadAsync(place, cancellationToken);
        }
        catch (ModelRunException exception)
        {
            job.Loaded.NoteFailure(RequestId, exception);
            return new UnaryOutcome.Refused(OpenAiError.ServerError());
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    private async Task<UnaryOutcome> ReadAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        var model = job.Loaded.Model;
        if (!(await model.FindAsync(job.Request.Image, place, cancellationToken)).TryGet(out var found, out var refusal))
        {
            return new UnaryOutcome.Refused(refusal);
        }

        Volatile.Write(ref _searched, 1);
        var lines = await model.ReadAsync(found, place, cancellationToken);
        return new UnaryOutcome.Computed(json => OcrFormat.Write(
            json, job.Model.Name, found, [.. lines.Where(line => line.Confidence >= job.Request.MinConfidence)], lines.Count, Units));
    }
}
