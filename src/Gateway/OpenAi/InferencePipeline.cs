using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Idempotency;

namespace Tollgate.Gateway.OpenAi;

/// <summary>
/// The one way for every request that runs a model: authenticate, check the scope, prepare, admit, forward, settle. Past authentication
/// each request meets the admission exactly once, also when it is refused for something else or when its answer is an earlier one's.
/// </summary>
internal sealed class InferencePipeline(
    FrontDoor door, RequestPreparation preparation, AdmissionControl admission, Forwarder forwarder, IdempotencyDesk idempotency,
    Replay replay)
{
    public async Task RunAsync(HttpContext context, InferenceRoute route, string? engine)
    {
        var call = ApiCall.Of(context);
        call.ShowsLimits = true;
        if (await door.EnterAsync(context, call, route.Scope) is not { } caller)
        {
            return;
        }

        var (prepared, earlier, refusal) = await preparation.PrepareAsync(context, caller, route, engine);
        if (refusal is not null)
        {
            await door.RefuseAsync(context, call, caller, refusal);
            return;
        }

        if (earlier is not null)
        {
            await ReplayAsync(context, call, caller, route, earlier);
            return;
        }

        (call.Model, call.Streamed) = (prepared!.Demand.Model, prepared.Demand.Streamed);

        // Not bound to the client's connection: an admission that is under way ends with a
        // ticket or without, never unknown because somebody hung up.
        var asked = prepared.Idempotent;
        var admitted = await admission.AdmitAsync(caller, call.RequestId, prepared.Demand, CancellationToken.None, asked?.Claim);
        call.Limits = admitted.Limits;
        if (admitted.Ticket is null)
        {
            await AnswerUnadmittedAsync(context, route, asked, admitted);
            return;
        }

        using var ticket = admitted.Ticket;
        using var recording = asked is null
            ? null : new AnswerRecording(idempotency, asked, call.RequestId, prepared.Demand.Model, prepared.Demand.Streamed);
        var running = new RunningRequest(context, call, ticket, route, prepared.Request, prepared.Demand.Model, prepared.Body)
        {
            Recording = recording,
        };
        if (await forwarder.ForwardAsync(running) is { } error)
        {
            await OpenAiErrorResult.WriteAsync(context, error);
        }
    }

    private async Task ReplayAsync(HttpContext context, ApiCall call, Caller caller, InferenceRoute route, EarlierAnswer earlier)
    {
        (call.Model, call.Streamed) = (earlier.Access.Model, earlier.Answer.Kind == AnswerKind.Events);
        if (await door.CheckAsync(context, call, caller, earlier.Access) is not null)
        {
            await replay.SendAsync(context, route, earlier.Answer);
        }
    }

    private async Task AnswerUnadmittedAsync(
        HttpContext context, InferenceRoute route, IdempotentRequest? asked, AdmissionResult admitted)
    {
        // Answered between the look into the store and the admission: by now the store has it.
        var recalled = admitted.AnsweredBy is null ? default : await idempotency.RecallAsync(asked!);
        await (recalled.Answer is not null
            ? replay.SendAsync(context, route, recalled.Answer)
            : OpenAiErrorResult.WriteAsync(context, recalled.Error ?? admitted.Refusal ?? OpenAiError.ServerError()));
    }
}
