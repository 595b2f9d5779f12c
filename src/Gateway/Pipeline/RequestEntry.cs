using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Pipeline;

/// <summary>What every authenticated route shares: who calls, whether the key may call this, and the one call to the admission of a
/// request that asks for nothing.</summary>
internal sealed class RequestEntry(Authenticator authenticator, AdmissionControl admission, GatewayMetrics metrics)
{
    /// <summary>The caller, or null when the refusal is already written.</summary>
    public async Task<Caller?> EnterAsync(HttpContext context, ApiCall call, PublicEndpoint endpoint)
    {
        Open(call, endpoint);
        var entered = call.IsInternal
            ? await EnterNamedAsync(context, call) : await authenticator.AuthenticateAsync(context, context.RequestAborted);
        if (!entered.TryGet(out var caller, out var refusal))
        {
            await OpenAiErrorResult.WriteAsync(context, refusal);
            return null;
        }

        if (!caller.MayUse(endpoint.Scope))
        {
            caller = await RenewAsync(caller);
        }

        call.Caller = caller;
        if (!caller.MayUse(endpoint.Scope))
        {
            await RefuseAsync(context, call, caller, OpenAiError.MissingScope(endpoint.Scope));
            return null;
        }

        return caller;
    }

    /// <summary>Refuses a request to an endpoint that no API key can call: a wrong key as everywhere, any other with
    /// <paramref name="error"/>.</summary>
    public async Task RefuseKeyAsync(HttpContext context, ApiCall call, PublicEndpoint endpoint, OpenAiError error)
    {
        Open(call, endpoint);
        var entered = await authenticator.AuthenticateAsync(context, context.RequestAborted);
        if (!entered.TryGet(out var caller, out var refusal))
        {
            await OpenAiErrorResult.WriteAsync(context, refusal);
            return;
        }

        call.Caller = caller;
        await RefuseAsync(context, call, caller, error);
    }

    /// <summary>Begins a request that needs no key.</summary>
    public void Open(ApiCall call, PublicEndpoint endpoint)
    {
        call.Endpoint = endpoint;
        metrics.RequestStarted(endpoint); // It ends with the call's log line.
    }

    /// <summary>The caller of a call through the internal door, whose route has proved the service.</summary>
    private async ValueTask<OrRefusal<Caller>> EnterNamedAsync(HttpContext context, ApiCall call)
    {
        var headers = context.Request.Headers;
        if (headers[InternalCalls.KeyHeader] is not [{ Length: > 0 } publicId])
        {
            return OpenAiError.MissingHeader(InternalCalls.KeyHeader, "Name the public id of the key that the call is made for.");
        }

        if (headers[IdempotencyDesk.Header].Count == 0)
        {
            return OpenAiError.MissingHeader(IdempotencyDesk.Header, "A repeated call must not be billed twice.");
        }

        var named = headers[WorkerHeaders.ServiceClass];
        if ((named.Count == 0 ? ServiceClass.Standard : ServiceClassNames.Parse(named)) is not { } serviceClass)
        {
            return OpenAiError.MissingHeader(WorkerHeaders.ServiceClass, "Name standard or batch.");
        }

        call.ServiceClass = serviceClass;
        call.Worker = headers[WorkerHeaders.Worker] is [{ Length: > 0 } worker] ? worker : null;
        return await authenticator.AuthenticateNamedAsync(publicId, context.RequestAborted);
    }

    /// <summary>The caller by the newest record of its key, if an authenticated request that asks for nothing may go on; null when the
    /// refusal is already written.</summary>
    /// <param name="endpoint">What was asked for.</param>
    /// <param name="replays">What the key must allow for an answer that is sent again, which counts as a request.</param>
    /// <param name="counts">Whether it counts against the limits of requests, as all do but a GET.</param>
    public async Task<Caller?> CheckAsync(
        HttpContext context, ApiCall call, PublicEndpoint endpoint, Caller caller, Access? replays = null, bool counts = false)
    {
        var check = await admission.CheckAsync(
            caller, call.RequestId, countRequest: counts || replays is not null, CancellationToken.None, replays);
        call.Limits = check.Limits;
        var newest = check.Caller ?? caller;
        if ((check.Refusal ?? (newest.MayUse(endpoint.Scope) ? null : OpenAiError.MissingScope(endpoint.Scope))) is not { } refusal)
        {
            return newest;
        }

        await OpenAiErrorResult.WriteAsync(context, refusal);
        return null;
    }

    /// <summary>Reads a caller's records again before something is refused by what memory holds of them: the key may have been allowed it
    /// since. Returns the old caller if the refresh fails; its admission reports the reason.</summary>
    public async Task<Caller> RenewAsync(Caller caller) =>
        (await authenticator.RefreshAsync(caller, askAccounts: false, CancellationToken.None)).Value ?? caller;

    /// <summary>Refuses an authenticated request. It counts against the request limits all the same, and a key that is revoked by now
    /// gets that error instead.</summary>
    public async Task RefuseAsync(HttpContext context, ApiCall call, Caller caller, OpenAiError error)
    {
        var check = await admission.CheckAsync(caller, call.RequestId, call.ShowsLimits, CancellationToken.None);
        call.Limits = check.Limits;
        await OpenAiErrorResult.WriteAsync(context, check.Refusal ?? error);
    }
}
