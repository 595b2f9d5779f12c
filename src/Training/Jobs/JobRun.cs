using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks;

namespace Tollgate.Training.Jobs;

/// <summary>One run of a job, or its plan, as a request of a gateway. A run is a stream of events that a heartbeat keeps alive; cancelled,
/// it ends its step, writes a checkpoint, and then states what it has trained.</summary>
internal sealed class JobRun(JobRequest request, RequestScope scope, JobTrainer trainer) : UnaryRun(scope)
{
    /// <summary>Longest silence of a stream: a gateway gives up one that is silent for a minute.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    private readonly JobEvents _events = new(request.Order, trainer.Name, trainer.Clock);

    public override Units Units => new(0, Output: _events.Count);

    private TrainingOrder Order => request.Order;

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        if (Scope.CheckHold(new Units(0, Output: Order.MostTokens)) is { } aboveHold)
        {
            return new UnaryOutcome.NotTaken(aboveHold);
        }

        using var only = await trainer.Slots.EnterAsync(Order.Job, this);
        if (!Order.Stream)
        {
            var (plan, refusal) = await trainer.PlanAsync(request, cancellationToken);
            return plan is null
                ? new UnaryOutcome.Refused(refusal!)
                : new UnaryOutcome.Computed(json => JsonSerializer.Serialize(json, plan, ContractsJson.Default.TrainingPlan));
        }

        reply.BeginEvents(default, queued: TimeSpan.Zero);
        var training = trainer.TrainAsync(request, _events, cancellationToken);
        OpenAiError? error;
        try
        {
            await SendAsync(reply);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Cancel(); // The gateway has gone. What was trained is final when the training has ended.
        }
        finally
        {
            error = await training;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new UnaryOutcome.Streamed(() => EndAsync(reply, error));
    }

    /// <summary>Sends events as they come, and the last progress again where none comes.</summary>
    private async Task SendAsync(Reply reply)
    {
        using var stream = reply.OpenEvents();
        var gone = reply.Gone;
        var last = new CountedEvent(0, new TrainingEvent(TrainingEventKind.Progress));
        var next = _events.Events.WaitToReadAsync(gone).AsTask();
        while (true)
        {
            await ((Task)next).WaitAsync(Beat, trainer.Clock, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            gone.ThrowIfCancellationRequested();
            if (!next.IsCompleted)
            {
                Write(stream, last);
            }
            else if (!await next)
            {
                return;
            }
            else
            {
                while (_events.Events.TryRead(out var sent))
                {
                    Write(stream, sent);
                    last = sent.Event.Kind == TrainingEventKind.Progress ? sent : last with { Id = sent.Id };
                }

                next = _events.Events.WaitToReadAsync(gone).AsTask();
            }

            await stream.FlushAsync(gone);
        }
    }

    private static void Write(EventStream stream, CountedEvent sent) => stream.Write(
        sent.Id, sent.Event, static (sent, json) => JsonSerializer.Serialize(json, sent, ContractsJson.Default.TrainingEvent));

    private async Task EndAsync(Reply reply, OpenAiError? error)
    {
        using var stream = reply.OpenEvents();
        if (error is null)
        {
            stream.WriteDone(_events.Count);
        }
        else
        {
            stream.Write(_events.Count, error, static (failure, json) => failure.WriteTo(json));
        }

        await stream.FlushAsync(reply.Gone);
    }
}

/// <summary>A checked order for a model that this trainer offers.</summary>
internal sealed record JobRequest(TrainingOrder Order, Trainable Model) : ITaskJob
{
    LoadedModel ITaskJob.Model => Model;

    public ITaskRun Begin(RequestScope scope) => new JobRun(this, scope, Model.Trainer);
}
