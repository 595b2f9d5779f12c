using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.AdminApi;

/// <summary>
/// What every request to the admin API shares: the key, its limit, who acts in the audit log, the body, the <c>Idempotency-Key</c> and how
/// an answer or a refusal leaves.
/// </summary>
internal sealed class AdminDoor(AdminKeyRegister keys, AdminRequestBook requests, AccountsDb db, AuditTrail audit)
{
    /// <summary>Most bytes of a body.</summary>
    public const int MostBytes = 256 * 1024;

    private const string IdempotencyKey = "Idempotency-Key";
    private const int LongestBrowser = 200;

    /// <param name="answer">Returns what is written as JSON; throws an <see cref="AdminRefusal"/>.</param>
    public async Task RunAsync(HttpContext context, Func<AdminCall, Task<object>> answer)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MostBytes;
        }

        try
        {
            await TryRunAsync(context, answer);
        }
        catch (AdminRefusal refusal)
        {
            await InternalError.WriteAsync(context, refusal.Error);
        }
        catch (BadHttpRequestException exception)
        {
            await InternalError.WriteAsync(context, exception.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => OpenAiError.BodyTooLarge(MostBytes),
                StatusCodes.Status408RequestTimeout => OpenAiError.BodyTooSlow(),
                _ => OpenAiError.BodyIncomplete(),
            });
        }
    }

    private async Task TryRunAsync(HttpContext context, Func<AdminCall, Task<object>> answer)
    {
        if (context.Request.Headers[AdminHeaders.Key] is not [{ Length: > 0 } shown])
        {
            throw new AdminRefusal(OpenAiError.MissingHeader(AdminHeaders.Key, "Pass the client's admin key on."));
        }

        var (key, refusal) = await keys.ProveAsync(shown, context.RequestAborted);
        if (key is not null)
        {
            context.Response.Headers[AdminHeaders.Organization] = key.OrganizationId.ToString("N");
        }

        if (refusal is not null)
        {
            throw new AdminRefusal(refusal);
        }

        db.Scope = OrganizationScope.Of(key!.OrganizationId);
        NameActor(context, key);
        var body = await ReadAsync(context.Request);
        var call = new AdminCall(context, key, body);
        if (HttpMethods.IsGet(context.Request.Method) || FindName(context.Request) is not { } name)
        {
            await WriteAsync(context, AdminJson.Write(await answer(call)));
            return;
        }

        var digest = SHA256.HashData([
            .. Encoding.UTF8.GetBytes($"{context.Request.Method}\0{context.Request.Path}\0"), .. body.Span,
        ]);
        await RunOnceAsync(context, call, name, digest, answer);
    }

    /// <summary>Runs a request that has an <c>Idempotency-Key</c> once, and answers its repetitions with the same bytes.</summary>
    private async Task RunOnceAsync(
        HttpContext context, AdminCall call, byte[] name, byte[] digest, Func<AdminCall, Task<object>> answer)
    {
        var requestId = Guid.TryParseExact(context.Request.Headers[WorkerHeaders.RequestId], "N", out var id) ? id : Guid.NewGuid();
        if (await requests.ClaimAsync(call.Key.Id, name, digest, requestId) is { } earlier)
        {
            context.Response.Headers["idempotency-replayed"] = "true";
            await WriteAsync(context, earlier);
            return;
        }

        byte[] made;
        try
        {
            made = AdminJson.Write(await answer(call));
        }
        catch (AdminRefusal)
        {
            await requests.FreeAsync(call.Key.Id, name); // Nothing was changed: the corrected request may have the same key.
            throw;
        }

        await requests.KeepAsync(call.Key.Id, name, made);
        await WriteAsync(context, made);
    }

    /// <summary>Who acts, and from where: the gateway names the client's address.</summary>
    private void NameActor(HttpContext context, AdminKey key)
    {
        var browser = context.Request.Headers.UserAgent.ToString();
        var address = IPAddress.TryParse(context.Request.Headers[AdminHeaders.ClientAddress], out var from) ? from.ToString() : null;
        audit.ComesFrom(new AuditOrigin(
            address, browser.Length == 0 ? null : browser[..Math.Min(browser.Length, LongestBrowser)], audit.Origin.Trace));
        audit.ActAs(key.CreatedBy, ApiKeyText.AdminPrefix + key.PublicId);
    }

    private static byte[]? FindName(HttpRequest request)
    {
        var values = request.Headers[IdempotencyKey];
        if (values.Count == 0)
        {
            return null;
        }

        return values is [{ Length: > 0 and <= 255 } text] && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? SHA256.HashData(Encoding.ASCII.GetBytes(text)) : throw new AdminRefusal(OpenAiError.InvalidIdempotencyKey());
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return body.Length == 0 || request.HasJsonContentType()
            ? body.ToArray() : throw new AdminRefusal(OpenAiError.UnsupportedMediaType(request.ContentType));
    }

    private static Task WriteAsync(HttpContext context, byte[] json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }
}

/// <summary>Writes answers.</summary>
internal static class AdminJson
{
    public static byte[] Write(object answer) => JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType());
}
