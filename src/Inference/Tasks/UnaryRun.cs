using System.Diagnostics;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks;

/// <summary>
/// A run whose answer is sent whole, or as events without tokens. What it computed is in the worker's log before the answer's end goes out,
/// also when there is no answer. Any thread may cancel it.
/// </summary>
#pragma warning disable CA1001 // The source is never disposed: a cancel call may have found the run just before it ended.
internal abstract class UnaryRun(RequestScope scope) : ITaskRun
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid RequestId => scope.Identity.Id;

    /// <summary>What has been computed so far. Any thread.</summary>
    public abstract Units Units { get; }

    public Task Ended => _ended.Task;

    protected RequestScope Scope => scope;

    public void Cancel()
    {
        if (!_ended.Task.IsCompleted)
        {
            _cancel.Cancel();
        }
    }

    public async Task AnswerAsync(Reply reply)
    {
        await using var gone = reply.Gone.UnsafeRegister(static state => ((UnaryRun)state!).Cancel(), this);
        var outcome = await RunAsync(reply);
        if (reply.Gone.IsCancellationRequested)
        {
            return;
        }

        await (outcome switch
        {
            UnaryOutcome.Computed computed => reply.SendAsync(Units, queued: TimeSpan.Zero, computed.Write),
            UnaryOutcome.ComputedText text => reply.SendTextAsync(Units, queued: TimeSpan.Zero, text.Text),
            UnaryOutcome.ComputedParts parts => reply.SendPartsAsync(Units, queued: TimeSpan.Zero, parts.Parts),
            UnaryOutcome.Streamed streamed => streamed.Finish(),
            UnaryOutcome.Failed failed => reply.RefuseAsync(failed.Error, Units),
            UnaryOutcome.Refused refused => reply.RefuseAsync(refused.Error),
            UnaryOutcome.NotTaken notTaken => reply.RefuseAsync(notTaken.Error),
            _ => throw new UnreachableException(),
        });
    }

    /// <summary>Checks the hold, computes, and counts what it computes.</summary>
    /// <param name="reply">For events that go out while it computes; untouched where the answer is sent whole.</param>
    /// <param name="cancellationToken">Cancelled when the answer is not wanted any more. The run may throw then, or return.</param>
    protected abstract Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken);

    private async Task<UnaryOutcome> RunAsync(Reply reply)
    {
        UnaryOutcome? outcome = null;
        try
        {
            outcome = await ComputeAsync(reply, _cancel.Token);
            return outcome;
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            return new UnaryOutcome.Refused(ErrorAnswer.Cancelled());
        }
        finally
        {
            Record(outcome);
        }
    }

    private void Record(UnaryOutcome? outcome)
    {
        try
        {
            if (Units != default)
            {
                scope.Witness(Units);
            }

            if (outcome is not UnaryOutcome.NotTaken)
            {
                scope.NoteEnd(
                    outcome is UnaryOutcome.Computed or UnaryOutcome.ComputedText or UnaryOutcome.ComputedParts or UnaryOutcome.Streamed
                        ? "ok" : _cancel.IsCancellationRequested ? "cancelled" : "failed", Units);
            }
        }
        finally
        {
            _ended.TrySetResult();
        }
    }
}

/// <summary>How a unary run ended.</summary>
internal abstract record UnaryOutcome
{
    private UnaryOutcome()
    {
    }

    /// <summary>The answer.</summary>
    /// <param name="Write">Writes its JSON.</param>
    internal sealed record Computed(Action<Utf8JsonWriter> Write) : UnaryOutcome;

    /// <summary>The answer as plain text.</summary>
    internal sealed record ComputedText(string Text) : UnaryOutcome;

    /// <summary>The answer as JSON with bytes behind it.</summary>
    /// <param name="Parts">The JSON first.</param>
    internal sealed record ComputedParts(IReadOnlyList<ReadOnlyMemory<byte>> Parts) : UnaryOutcome;

    /// <summary>The answer went out as events, all but the last ones.</summary>
    /// <param name="Finish">Sends these.</param>
    internal sealed record Streamed(Func<Task> Finish) : UnaryOutcome;

    /// <summary>The model computed, and this error answers it: the client's request is the cause, so that it is work without an
    /// answer.</summary>
    internal sealed record Failed(OpenAiError Error) : UnaryOutcome;

    /// <summary>The model took the request, and this error answers it.</summary>
    internal sealed record Refused(OpenAiError Error) : UnaryOutcome;

    /// <summary>The model did not take the request: it counts as a refusal, not as a request that ended.</summary>
    internal sealed record NotTaken(OpenAiError Error) : UnaryOutcome;
}
