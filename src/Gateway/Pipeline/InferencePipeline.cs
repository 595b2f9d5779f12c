using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Forwarding;

namespace Tollgate.Gateway.Pipeline;

/// <summary>The one way of every request that runs a model. Past authentication each request meets the admission exactly once, also when
/// it is refused for something else or when its answer is an earlier one's.</summary>
internal sealed class InferencePipeline(
    RequestEntry door, RequestPreparation preparation, AdmissionControl admission, ForwardingDesk forwarding, Replay replay)
{
    /// <param name="url">The model in the URL, or null.</param>
    /// <param name="completion">Completes the endpoint's requests; null where they are complete.</param>
    // One request from top to bottom. The numbers stand at the lines below.
    //
    //      client                         gateway                                  Redis, Billing, disk            worker
    //        |                               |                                             |                          |
    //   (1)  |-- POST /v1/... -------------->|  OpenAiMiddleware: id, headers, log line    |                          |
    //   (2)  |<-- 401 403 429 503 -----------|  RequestEntry: caller, scope of the key        |                          |
    //   (3)  |<-- 400 404 413 415 -----------|  RequestPreparation: body, model, price     |                          |
    //   (4)  |<-- an earlier answer ---------|  Replay: Idempotency-Key                    |                          |
    //   (5)  |<-- 503 -----------------------|  Backpressure: no worker had a place        |                          |
    //   (6)  |<-- 429 503 -------------------|  AdmissionControl: OPEN, script, ADMITTED ->|                          |
    //   (7)  |                               |  Forwarder: picks a worker --------------------- POST /v1/... -------->|
    //   (8)  |<-- event ---------------------|  StreamRelay: PROGRESS before each write -->|<------- id: data: -------|
    //   (9)  |<-- [DONE] --------------------|  RequestTicket: CLOSE, settlement --------->|                          |
    //  (10)  |                               |  Shipper: usage to Billing's ledger ------->|                          |
    //
    // (8) and (9) hold the promise of the journal: nothing reaches the client before the journal counts it. An answer in one piece passes
    // UnaryRelay instead, whose CLOSE stands before its first byte. (10) runs beside all requests.
    public async Task RunAsync(
        HttpContext context, InferenceEndpoint endpoint, ModelInUrl? url, RequestCompletion? completion = null)
    {
        var call = ApiCall.Of(context); // (1)
        call.ShowsLimits = true;
        if (await door.EnterAsync(context, call, endpoint.Api) is not { } caller) // (2)
        {
            return;
        }

        var prepared = await preparation.PrepareAsync(context, caller, endpoint, url, completion); // (3)
        if (prepared is Preparation.Refused refused)
        {
            await door.RefuseAsync(context, call, caller, refused.Error);
            return;
        }

        if (prepared is Preparation.Answered earlier)
        {
            await replay.AnswerAsync(context, call, endpoint, caller, earlier); // (4)
            return;
        }

        var ready = (Preparation.Ready)prepared;
        var (request, demand, body, asked) = ready;
        (call.Model, call.ModelVersion, call.Streamed) = (demand.Model, demand.ModelVersion, demand.Streamed);
        if (ready.Queue is not null)
        {
            await QueueAsync(context, call, endpoint, caller, ready);
            return;
        }

        if (forwarding.Backpressure.Find(caller.OrganizationId, demand.Model, demand.ServiceClass, demand.ModelVersion)
            is { } noPlace) // (5)
        {
            await door.RefuseAsync(context, call, caller, noPlace);
            return;
        }

        // A client that hangs up does not cancel an admission: it ends with a ticket or without one, never unknown.
        var admitted = await admission.AdmitAsync(caller, call.RequestId, demand, CancellationToken.None, asked?.Claim); // (6)
        call.Limits = admitted.Limits;
        if (admitted is AdmissionResult.Refused notAdmitted)
        {
            await replay.AnswerUnadmittedAsync(context, endpoint, asked, notAdmitted);
            return;
        }

        using var ticket = ((AdmissionResult.Admitted)admitted).Ticket;
        using var recording = replay.Record(asked, call.RequestId, demand, request, endpoint);
        var running = new RunningRequest(context, call, ticket, endpoint, request, body)
        {
            Recording = recording,
            Keeper = ready.Keeper,
        };
        if (ready.Shadow is { } copy)
        {
            forwarding.Shadows.Begin(running, copy); // Beside the request, which never waits for it.
        }

        if (await forwarding.Forwarder.ForwardAsync(running) is { } error) // (7) to (9)
        {
            await OpenAiErrorResult.WriteAsync(context, error);
        }
    }

    /// <summary>Answers a request that runs later. It is admitted then; now it counts as a request.</summary>
    private async Task QueueAsync(
        HttpContext context, ApiCall call, InferenceEndpoint endpoint, Caller caller, Preparation.Ready ready)
    {
        if (await door.CheckAsync(context, call, endpoint.Api, caller, ready.Demand.Access) is not { } newest)
        {
            return;
        }

        var queued = await ready.Queue!(newest, ready.Body, ready.Idempotent, context.RequestAborted);
        if (!queued.TryGet(out var answer, out var refusal))
        {
            await OpenAiErrorResult.WriteAsync(context, refusal);
            return;
        }

        AnswerHeaders.OfWhole(context.Response, answer, endpoint, ready.Demand.Model, plainText: false);
        await context.Response.BodyWriter.WriteAsync(answer, context.RequestAborted);
    }
}
