using System.Text.Json;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Responses;

/// <summary>What the run of a response needs. All of it is shared by all runs.</summary>
internal sealed record BackgroundParts(
    Claims<ResponseRun> Claims, BackgroundTable Table, DoorSender Door, IOptions<BackgroundOptions> Options, TimeProvider Clock);

/// <summary>
/// Asks once for a response that this process has claimed, and keeps what comes of it. What is not answered yet waits without its claim,
/// and is asked for again with the same Idempotency-Key: a call that ran gives its answer again. Used once.
/// </summary>
internal sealed class BackgroundRun(ResponseRun run, BackgroundParts parts) : IClaimedRun
{
    private readonly CancellationTokenSource _lost = new(); // Cancelled, deleted, or another process's.
    private readonly CancellationTokenSource _over = new(); // The run has ended.

    private BackgroundOptions Options => parts.Options.Value;

    /// <summary>Runs the call to its end, also while the process stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var watch = parts.Claims.KeepAsync(run.Id, Options.Every, SeenAsync, _lost, _over.Token);
        try
        {
            using var queued = await parts.Table.BeginAsync(run, stopping);
            var answer = await AskAsync(queued);
            await TakeAsync(queued, answer);
        }
        catch (OperationCanceledException) when (_lost.IsCancellationRequested)
        {
            throw new ClaimLostException(parts.Claims.Table.What, run.Id);
        }
        catch (DamagedContentException)
        {
            await parts.Table.GiveUpAsync(run, CancellationToken.None); // Whoever asks for the response is told that it is damaged.
            throw;
        }
        finally
        {
            await _over.CancelAsync();
            await watch;
        }
    }

    /// <summary>Looks at the response at once, such as after a cancel.</summary>
    public Task LookAsync(CancellationToken cancellationToken) => parts.Claims.LookAsync(run.Id, SeenAsync, _lost, cancellationToken);

    public void Dispose()
    {
        _lost.Dispose();
        _over.Dispose();
    }

    private static Task SeenAsync(ResponseRun now, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<DoorAnswer> AskAsync(ResponseContent queued)
    {
        var id = ResponseIds.Of(run.Id);
        using var request = GatewayDoor.Request(
            PublicEndpoint.Responses.Path, run.KeyPublicId, $"background-{run.Id:N}", queued.Request);
        request.Headers.Add(InternalCalls.ResponseHeader, id);
        if (run.Tries == 0 && run.Id.Version == 7)
        {
            // The usage row then has the response's id, as with one that is answered at once. An id is never used for two calls.
            request.Headers.Add(WorkerHeaders.RequestId, run.Id.ToString("N"));
        }

        return await parts.Door.AskAsync(request, Options.CallTimeout, _lost.Token);
    }

    private async Task TakeAsync(ResponseContent queued, DoorAnswer answer)
    {
        var faults = run.Faults + (answer.IsFault ? 1 : 0);
        if (answer.Kind == AnswerKind.Final || faults == DoorAnswer.MostFaults)
        {
            await EndAsync(queued, answer);
            return;
        }

        var pause = answer.PauseAfter(run.Tries, Options.LongestPause);
        if (parts.Clock.GetUtcNow() + pause < run.CreatedAt + Options.Patience)
        {
            await parts.Table.WaitAsync(run, pause, faults, mayRun: answer.Kind == AnswerKind.Unknown, _lost.Token);
            return;
        }

        var error = answer.Body.Length > 0 ? answer.ReadError() : default;
        var timedOut = OpenAiError.BackgroundTimedOut();
        await FailAsync(queued, error.Code ?? timedOut.Code!, error.Message is { } last ? $"{timedOut.Message} {last}" : timedOut.Message);
    }

    private async Task EndAsync(ResponseContent queued, DoorAnswer answer)
    {
        if (answer.Status >= 400)
        {
            var (code, message) = answer.ReadError();
            await FailAsync(queued, code ?? "server_error", message ?? "The response failed.");
            return;
        }

        using var body = JsonDocument.Parse(answer.Body, new JsonDocumentOptions { MaxDepth = 128 });
        if (BackgroundAnswer.Of(queued, run.Id, body.RootElement) is not { } json)
        {
            await FailAsync(queued, "server_error", "The answer is no response.");
            return;
        }

        await KeepAsync(json, GatewayDoor.ParseRequestId(answer.RequestId));
    }

    private Task FailAsync(ResponseContent queued, string code, string message) =>
        KeepAsync(BackgroundAnswer.Failed(queued, code, message), requestId: null);

    private async Task KeepAsync(byte[] json, Guid? requestId)
    {
        using var content = ResponseContent.Read(json);
        await parts.Table.EndAsync(run, content, json, requestId, _lost.Token);
    }
}
