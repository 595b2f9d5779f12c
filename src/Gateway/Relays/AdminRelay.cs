using System.Net;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Pipeline;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Relays;

/// <summary>
/// The way of a request with an admin key, which Accounts proves and answers: gateways keep no record of these keys, so a revoked one is
/// refused on the next request. Wrong keys use up the look-ups of their address as wrong API keys do. Thread-safe.
/// </summary>
internal sealed class AdminRelay(ServiceRelay relay, RequestEntry entry, ClientAddress addresses, FailureBudget failures)
{
    private static readonly string[] PassedHeaders = [IdempotencyDesk.Header, "User-Agent"];

    /// <param name="path">Route template, which is Accounts' too.</param>
    public async Task RunAsync(HttpContext context, RelayedRoutes endpoint, string path)
    {
        var call = ApiCall.Of(context);
        if (!TryReadAdminKey(context.Request, out var key, out var refusal))
        {
            await (refusal is null ? entry.RefuseKeyAsync(context, call, endpoint.Api, OpenAiError.AdminKeyNeeded())
                : RefuseAsync(context, call, endpoint, refusal));
            return;
        }

        var address = addresses.Of(context);
        if (await failures.TakeAsync(address, context.RequestAborted) is { } tooMany)
        {
            await RefuseAsync(context, call, endpoint, tooMany);
            return;
        }

        entry.Open(call, endpoint.Api);
        var isDone = false;
        try
        {
            using var request = RequestOf(context, call, path, key, address);
            await relay.ForwardAsync(context, endpoint, request, head =>
            {
                Done(failed: head.StatusCode == HttpStatusCode.Unauthorized && !head.Headers.Contains(AdminHeaders.Organization));
                call.Organization = Guid.TryParseExact(
                    InternalError.ReadHeader(head, AdminHeaders.Organization), "N", out var organization) ? organization : null;
            });
        }
        finally
        {
            Done(failed: false);
        }

        void Done(bool failed)
        {
            if (!isDone)
            {
                isDone = true;
                failures.Done(address, failed);
            }
        }
    }

    /// <param name="refusal">Null for the text of an API key, or of no key at all.</param>
    private static bool TryReadAdminKey(HttpRequest request, out string key, out OpenAiError? refusal)
    {
        key = "";
        if (!Authenticator.TryReadKey(request, out var text, out refusal)
            || !text.StartsWith(ApiKeyText.AdminPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        if (!ApiKeyText.TryParse(text, out _, out _, ApiKeyText.AdminPrefix))
        {
            refusal = OpenAiError.InvalidAdminKey(text);
            return false;
        }

        key = text.ToString();
        return true;
    }

    private static HttpRequestMessage RequestOf(HttpContext context, ApiCall call, string path, string key, IPAddress? address)
    {
        var request = ServiceRelay.RequestOf(context, path);
        request.Headers.Add(AdminHeaders.Key, key);
        request.Headers.Add(WorkerHeaders.RequestId, call.RequestId.ToString("N"));
        if (address is not null)
        {
            request.Headers.Add(AdminHeaders.ClientAddress, address.ToString());
        }

        foreach (var name in PassedHeaders)
        {
            if (context.Request.Headers.TryGetValue(name, out var values))
            {
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values.ToArray()!);
            }
        }

        return request;
    }

    private Task RefuseAsync(HttpContext context, ApiCall call, RelayedRoutes endpoint, OpenAiError error)
    {
        entry.Open(call, endpoint.Api);
        return OpenAiErrorResult.WriteAsync(context, error);
    }
}
