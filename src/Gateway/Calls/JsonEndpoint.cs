using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Calls;

/// <summary>An endpoint whose body of JSON alone makes the request.</summary>
/// <inheritdoc cref="InferenceEndpoint(PublicEndpoint, string?)"/>
internal abstract class JsonEndpoint<TRequest>(PublicEndpoint api, string? path = null) : InferenceEndpoint(api, path)
    where TRequest : InferenceRequest, IJsonRequest<TRequest>
{
    public override bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = TRequest.TryParse(body, out var parsed, out error);
        request = parsed;
        return read;
    }
}

/// <summary>An endpoint whose body of JSON, or whose form, makes the request.</summary>
internal abstract class JsonOrFormEndpoint<TRequest>(PublicEndpoint api) : JsonEndpoint<TRequest>(api)
    where TRequest : InferenceRequest, IJsonRequest<TRequest>, IFormRequest<TRequest>
{
    public override bool TryParse(
        RequestForm form, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = TRequest.TryParse(form, out var parsed, out error);
        request = parsed;
        return read;
    }
}
