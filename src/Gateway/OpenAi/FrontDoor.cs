using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.OpenAi;

/// <summary>What every authenticated route shares: who calls, whether the key may call this, and the one call to the admission of a
/// request that asks for nothing.</summary>
internal sealed class FrontDoor(Authenticator authenticator, AdmissionControl admission)
{
    /// <summary>The caller, or null when the refusal is already written.</summary>
    /// <param name="scope">What the key needs, see <see cref="Contracts.Keys.KeyScopes"/>.</param>
    public async Task<Caller?> EnterAsync(HttpContext context, ApiCall call, string scope)
    {
        call.Route = scope;
        var (caller, refusal) = await authenticator.AuthenticateAsync(context, context.RequestAborted);
        if (caller is null)
        {
            await OpenAiErrorResult.WriteAsync(context, refusal ?? OpenAiError.ServerError());
            return null;
        }

        if (!caller.MayUse(scope))
        {
            caller = await RenewAsync(caller);
        }

        call.Caller = caller;
        if (!caller.MayUse(scope))
        {
            await RefuseAsync(context, call, caller, OpenAiError.MissingScope(scope));
            return null;
        }

        return caller;
    }

    /// <summary>The caller by the newest record of its key, if an authenticated request that asks for nothing may go on; null when the
    /// refusal is already written.</summary>
    /// <param name="replays">What the key must allow for an answer that is sent again, which counts as a request.</param>
    public async Task<Caller?> CheckAsync(HttpContext context, ApiCall call, Caller caller, Access? replays = null)
    {
        var check = await admission.CheckAsync(
            caller, call.RequestId, countRequest: replays is not null, CancellationToken.None, replays);
        call.Limits = check.Limits;
        var newest = check.Caller ?? caller;
        if ((check.Refusal ?? (newest.MayUse(call.Route) ? null : OpenAiError.MissingScope(call.Route))) is not { } refusal)
        {
            return newest;
        }

        await OpenAiErrorResult.WriteAsync(context, refusal);
        return null;
    }

    /// <summary>Reads a caller's records anew before something is refused by what memory holds of them: the key may have been allowed it
    /// since. The old caller where that is not possible; its admission will say why.</summary>
    public async Task<Caller> RenewAsync(Caller caller) =>
        (await authenticator.RefreshAsync(caller, askAccounts: false, CancellationToken.None)).Caller ?? caller;

    /// <summary>Refuses an authenticated request. It counts against the request limits all the same, and a key that is revoked by now
    /// hears that instead.</summary>
    public async Task RefuseAsync(HttpContext context, ApiCall call, Caller caller, OpenAiError error)
    {
        var check = await admission.CheckAsync(caller, call.RequestId, call.ShowsLimits, CancellationToken.None);
        call.Limits = check.Limits;
        await OpenAiErrorResult.WriteAsync(context, check.Refusal ?? error);
    }
}
