using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A request that a model of any kind works on. A run counts as a call and the elements that it read; those that it gave count
/// when there is an answer.</summary>
internal sealed class TensorsRun(TensorsJob job, RequestScope scope) : UnaryRun(scope)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private int _calls;
    private long _given;

    public override Units Units => Volatile.Read(ref _calls) == 0
        ? default : new Units(0, Calls: 1, Elements: job.Request.InputElements + Interlocked.Read(ref _given));

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        var (model, request) = (job.Tensors, job.Request);
        var most = model.Signature.MostUnits(request);
        if (Scope.CheckHold(most) is { } aboveHold)
        {
            return new UnaryOutcome.Refused(aboveHold);
        }

        using var place = model.Engine.Turns.TryJoin(Scope.Identity.Party);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        await using var deadline = model.LimitWait(place);
        var wanted = model.Signature.WantedBy(request);
        try
        {
            var outputs = await model.Engine.RunAsync(new TensorWork(
                request.Inputs, [.. wanted.Select(output => output.Spec.Name)], place, () => Volatile.Write(ref _calls, 1),
                cancellationToken));
            return Answer(outputs, [.. wanted.Select(output => output.Binary)], most.Elements - request.InputElements);
        }
        catch (TensorRunException exception)
        {
            model.NoteFailure(RequestId, exception);
            return new UnaryOutcome.Failed(exception.Error);
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    private UnaryOutcome Answer(IReadOnlyList<TensorOutput> outputs, bool[] binary, long mostElements)
    {
        var elements = outputs.Sum(output => output.Elements);
        if (elements > mostElements)
        {
            return new UnaryOutcome.Failed(OpenAiError.AnswerTooLarge(job.Model.Name));
        }

        if (!TensorsFormat.Write(job, outputs, binary).TryGet(out var answer, out var error))
        {
            return new UnaryOutcome.Failed(error);
        }

        Interlocked.Exchange(ref _given, elements);
        return new UnaryOutcome.ComputedParts(answer.Parts);
    }
}
