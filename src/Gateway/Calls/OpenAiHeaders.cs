using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;

namespace Tollgate.Gateway.Calls;

/// <summary>The headers that every answer of <c>/v1</c> carries, written in one place just before the first of them leaves.</summary>
internal sealed class OpenAiHeaders(IOptions<OpenAiOptions> options, TimeProvider clock)
{
    /// <summary>Makes the answer carry them, at whichever place it starts.</summary>
    public void Attach(HttpContext context, ApiCall call) =>
        context.Response.OnStarting(static state => ((Pending)state).WriteAsync(), new Pending(this, context, call));

    private void Write(HttpContext context, ApiCall call)
    {
        var headers = context.Response.Headers;
        headers["x-request-id"] = call.PublicRequestId;
        headers["openai-version"] = "2020-10-01";
        headers["openai-processing-ms"] =
            ((long)clock.GetElapsedTime(call.StartedAt).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        headers.XContentTypeOptions = "nosniff";
        headers.AccessControlExposeHeaders = "X-Request-ID";
        if (call.Caller is { } caller)
        {
            headers["openai-organization"] = $"org-{caller.OrganizationId:N}";
            headers["openai-project"] = $"proj_{caller.ProjectId:N}";
        }
        else if (call.Organization is { } organization)
        {
            headers["openai-organization"] = $"org-{organization:N}";
        }

        if (call.ShowsLimits)
        {
            WriteLimit(headers, call.Limits.Requests, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
                "x-ratelimit-reset-requests");
            WriteLimit(headers, call.Limits.Tokens, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
                "x-ratelimit-reset-tokens");
        }

        call.Wire.WriteHeaders(headers, call, clock.GetUtcNow());
        if (options.Value.StrictTransportSecurity)
        {
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        }
    }

    private static void WriteLimit(IHeaderDictionary headers, BucketState? bucket, string limit, string remaining, string reset)
    {
        if (bucket is not null)
        {
            headers[limit] = bucket.Limit.ToString(CultureInfo.InvariantCulture);
            headers[remaining] = bucket.Remaining.ToString(CultureInfo.InvariantCulture);
            headers[reset] = GoDuration.Format(TimeSpan.FromMilliseconds(bucket.ResetMs));
        }
    }

    private sealed record Pending(OpenAiHeaders Owner, HttpContext Context, ApiCall Call)
    {
        public Task WriteAsync()
        {
            Owner.Write(Context, Call);
            return Task.CompletedTask;
        }
    }
}
