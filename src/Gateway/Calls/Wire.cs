using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;

namespace Tollgate.Gateway.Calls;

/// <summary>What differs between the wires of the API beside their requests and answers: how a stream ends and how an error looks. Every
/// endpoint has one; errors of URLs that are none of ours have that of OpenAI, unless a client of Anthropic asks for them.</summary>
internal abstract class Wire
{
    private static readonly Wire OpenAi = new OpenAiWire();
    private static readonly Wire Responses = new ResponsesWire();
    private static readonly Wire Anthropic = new AnthropicWire();
    private static readonly Wire OpenInference = new OpenInferenceWire();

    /// <summary>First lines, after <c>id:</c>, of events that end a stream well.</summary>
    public abstract IReadOnlyList<byte[]> Ends { get; }

    /// <summary>First lines, after <c>id:</c>, of a worker's events that end a stream with an error.</summary>
    public abstract IReadOnlyList<byte[]> Failures { get; }

    /// <param name="endpoint">Null for a URL that is none of ours.</param>
    public static Wire Of(PublicEndpoint? endpoint) => endpoint?.Wire switch
    {
        ApiWire.Responses => Responses,
        ApiWire.Anthropic => Anthropic,
        ApiWire.OpenInference => OpenInference,
        _ => OpenAi,
    };

    /// <summary>The wire of a call to a URL that several kinds of clients call: every client of Anthropic names its version of the
    /// API, and the Open Inference Protocol has URLs of its own.</summary>
    public static Wire AskedBy(HttpRequest request) =>
        request.Headers.ContainsKey("anthropic-version") || request.Path.StartsWithSegments(PublicEndpoint.Messages.Path)
            ? Anthropic
            : IsOfOpenInference(request.Path) ? OpenInference : OpenAi;

    private static bool IsOfOpenInference(PathString path) => path.StartsWithSegments("/v2", out var rest)
        && (rest.Value?.Trim('/') is null or "" || rest.StartsWithSegments("/models") || rest.StartsWithSegments("/health")
            || rest.StartsWithSegments("/repository"));

    /// <summary>Writes the headers that every answer has beside those of OpenAI's.</summary>
    /// <param name="now">When the answer begins.</param>
    public virtual void WriteHeaders(IHeaderDictionary headers, ApiCall call, DateTimeOffset now)
    {
    }

    /// <summary>The body of an answer that is an error.</summary>
    /// <param name="requestId">As the client sees it.</param>
    public abstract byte[] ToBody(OpenAiError error, string requestId);

    /// <summary>The body of a list of models.</summary>
    public abstract byte[] ToBody(IEnumerable<ModelObject> models);

    /// <summary>The body of one model.</summary>
    public abstract byte[] ToBody(ModelObject model);

    /// <summary>The last event of a stream that cannot go on, with the empty line at its end. After it nothing follows.</summary>
    /// <param name="requestId">As the client sees it.</param>
    /// <param name="events">Events that have gone out before.</param>
    public abstract byte[] ToFrame(OpenAiError error, string requestId, long events);

    /// <summary>OpenAI's usual errors; streams end with <c>[DONE]</c>.</summary>
    private class OpenAiWire : Wire
    {
        public override IReadOnlyList<byte[]> Ends { get; } = ["data: [DONE]"u8.ToArray()];

        public override IReadOnlyList<byte[]> Failures { get; } = ["data: {\"error\""u8.ToArray()];

        public override byte[] ToBody(OpenAiError error, string requestId) => error.ToJson();

        public override byte[] ToBody(IEnumerable<ModelObject> models) => ModelObject.ToJson(models);

        public override byte[] ToBody(ModelObject model) => model.ToJson();

        public override byte[] ToFrame(OpenAiError error, string requestId, long events) =>
            [.. "data: "u8, .. error.ToJson(), .. "\n\n"u8];
    }

    /// <summary>Streams of <c>/v1/responses</c>: named and numbered events, of which one holds the whole response at the end.</summary>
    private sealed class ResponsesWire : OpenAiWire
    {
        public override IReadOnlyList<byte[]> Ends { get; } =
            ["event: response.completed\n"u8.ToArray(), "event: response.incomplete\n"u8.ToArray()];

        public override IReadOnlyList<byte[]> Failures { get; } =
            ["event: response.failed\n"u8.ToArray(), "event: error\n"u8.ToArray()];

        public override byte[] ToFrame(OpenAiError error, string requestId, long events) =>
        [
            .. "event: error\ndata: "u8,
            .. Utf8Json.Write((error, events), static (state, writer) =>
            {
                writer.WriteStartObject();
                writer.WriteString("type", "error");
                writer.WriteString("code", state.error.Code ?? state.error.Type);
                writer.WriteString("message", state.error.Message);
                writer.WriteString("param", state.error.Param);
                writer.WriteNumber("sequence_number", state.events);
                writer.WriteEndObject();
            }),
            .. "\n\n"u8,
        ];
    }

    /// <summary>Errors of the Open Inference Protocol, an object with a text.</summary>
    private sealed class OpenInferenceWire : OpenAiWire
    {
        /// <summary>The body holds a text alone, so that the stable name of an error stands in a header.</summary>
        public override void WriteHeaders(IHeaderDictionary headers, ApiCall call, DateTimeOffset now)
        {
            if (call.ErrorType is { } code)
            {
                headers["x-tollgate-error"] = code;
            }
        }

        public override byte[] ToBody(OpenAiError error, string requestId) => Utf8Json.Write(error, static (one, writer) =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", one.Message);
            writer.WriteEndObject();
        });
    }

    /// <summary>Anthropic's errors and streams.</summary>
    private sealed class AnthropicWire : Wire
    {
        public override IReadOnlyList<byte[]> Ends { get; } = ["event: message_stop\n"u8.ToArray()];

        public override IReadOnlyList<byte[]> Failures { get; } = ["event: error\n"u8.ToArray()];

        public override void WriteHeaders(IHeaderDictionary headers, ApiCall call, DateTimeOffset now)
        {
            headers["request-id"] = call.PublicRequestId;
            headers.AccessControlExposeHeaders = "X-Request-ID, Request-ID";
            if (call.Caller is { } caller)
            {
                headers["anthropic-organization-id"] = $"org-{caller.OrganizationId:N}";
            }

            if (call.ShowsLimits)
            {
                WriteLimit(headers, call.Limits.Requests, "anthropic-ratelimit-requests", now);
                WriteLimit(headers, call.Limits.Tokens, "anthropic-ratelimit-tokens", now);
            }
        }

        public override byte[] ToBody(OpenAiError error, string requestId) => Utf8Json.Write(
            (error, requestId), static (state, writer) => AnthropicErrors.Write(writer, state.error, state.requestId));

        public override byte[] ToFrame(OpenAiError error, string requestId, long events) =>
            [.. "event: error\ndata: "u8, .. ToBody(error, requestId), .. "\n\n"u8];

        public override byte[] ToBody(IEnumerable<ModelObject> models) => AnthropicModels.ToJson([.. models]);

        public override byte[] ToBody(ModelObject model) => AnthropicModels.ToJson(model);

        private static void WriteLimit(IHeaderDictionary headers, BucketState? bucket, string name, DateTimeOffset now)
        {
            if (bucket is not null)
            {
                headers[$"{name}-limit"] = bucket.Limit.ToString(CultureInfo.InvariantCulture);
                headers[$"{name}-remaining"] = bucket.Remaining.ToString(CultureInfo.InvariantCulture);
                headers[$"{name}-reset"] = now.AddMilliseconds(bucket.ResetMs).UtcDateTime
                    .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            }
        }
    }
}
