using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Calls;

/// <summary>An endpoint that runs a model, as the pipeline sees it: how its body is read and where a worker has it. One instance an
/// endpoint, shared by all requests.</summary>
internal abstract class InferenceEndpoint(PublicEndpoint api)
{
    public PublicEndpoint Api => api;

    /// <summary>Path at the worker, without a slash at the front.</summary>
    public string WorkerPath { get; } = api.Path.TrimStart('/');

    /// <summary>Whether a JSON answer names the model in the header <c>openai-model</c>.</summary>
    public virtual bool NamesModelInHeader => false;

    /// <summary>Reads and checks a body of JSON; exactly one of the two is set. Every endpoint that takes JSON overrides it.</summary>
    /// <param name="engine">The model in the path, or null.</param>
    public virtual bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) => Refuse(out request, out error);

    /// <summary>Reads and checks a form; exactly one of the two is set. Every endpoint that takes forms overrides it.</summary>
    public virtual bool TryParse(
        RequestForm form, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        Refuse(out request, out error);

    private bool Refuse(out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        (request, error) = (null, OpenAiError.UnsupportedMediaType(contentType: null, Api.Bodies));
        return false;
    }
}
