using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Calls;

/// <summary>A model that the URL names.</summary>
/// <param name="Model">A name or an alias.</param>
/// <param name="Version">Null where the URL names none.</param>
internal sealed record ModelInUrl(string Model, string? Version = null)
{
    /// <summary>What parts requests of one <c>Idempotency-Key</c>.</summary>
    public override string ToString() => Version is null ? Model : $"{Model}\0{Version}";
}

/// <summary>An endpoint that runs a model, as the pipeline sees it: how its body is read and where a worker has it. One instance an
/// endpoint, shared by all requests.</summary>
/// <param name="path">Its route template; null for the endpoint's first.</param>
internal abstract class InferenceEndpoint(PublicEndpoint api, string? path = null)
{
    public PublicEndpoint Api => api;

    public Wire Wire { get; } = Wire.Of(api);

    /// <summary>Path at the worker, without a slash at the front.</summary>
    public string WorkerPath { get; } = (path ?? api.Path).TrimStart('/');

    /// <summary>Whether a JSON answer names the model in the header <c>openai-model</c>.</summary>
    public virtual bool NamesModelInHeader => false;

    /// <summary>Whether the content types that HTTP clients set by themselves are taken too; the body is JSON all the same.</summary>
    public virtual bool TakesUnlabelledJson => false;

    /// <summary>The error when the endpoint cannot use a model; null when it can.</summary>
    public virtual OpenAiError? Refuse(ModelCard card) =>
        card.Task == Api.Task?.Name ? null : OpenAiError.ModelNotForEndpoint(card.Name, WorkerPath);

    /// <summary>The error when a model that the endpoint can use cannot do what this request asks; null when it can.</summary>
    public virtual OpenAiError? Refuse(ModelCard card, InferenceRequest request) => null;

    /// <summary>Bytes that one event of a stream may have.</summary>
    public virtual int LargestEvent => 1024 * 1024;

    /// <summary>How long a worker may take to confirm a cancellation; null for <c>Forwarding:CancelTimeout</c>.</summary>
    public virtual TimeSpan? CancelTimeout => null;

    /// <summary>Whether a further request goes on where a stream has ended. A gateway that stops then ends the stream at once. For its
    /// <c>Idempotency-Key</c> is kept only that there was one: asked again, the request is refused and does not run.</summary>
    public virtual bool IsResumable => false;

    /// <summary>What the <c>id:</c> of a stream's events counts, of some units. Output tokens unless the endpoint streams something
    /// else.</summary>
    public virtual long CountOf(Units units) => units.Completion;

    /// <summary>The units of a stream's events so far.</summary>
    /// <param name="known">The units that the answer's headers state.</param>
    /// <param name="count">The last <c>id:</c>.</param>
    public virtual Units UnitsOf(Units known, long count) => known with { Output = count, Reasoning = 0 };

    /// <summary>Reads and checks a body of JSON; exactly one of the two is set. Every endpoint that takes JSON overrides it.</summary>
    /// <param name="engine">The model in the URL, or null.</param>
    public virtual bool TryParse(
        ReadOnlyMemory<byte> body, string? engine, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) => NotRead(out request, out error);

    /// <summary>Reads and checks a form; exactly one of the two is set. Every endpoint that takes forms overrides it.</summary>
    public virtual bool TryParse(
        RequestForm form, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        NotRead(out request, out error);

    /// <summary>Reads and checks a body of JSON with bytes of tensors behind it; exactly one of the two is set. Every endpoint that takes
    /// them overrides it.</summary>
    /// <param name="headerLength">Length of the JSON, bytes; null where nothing follows it.</param>
    public virtual bool TryParse(
        ReadOnlyMemory<byte> body, int? headerLength, ModelInUrl model, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) => NotRead(out request, out error);

    /// <summary>Length of the JSON at the start of a worker's answer that has bytes of tensors behind it; null for JSON alone.</summary>
    public virtual int? HeaderLengthOf(ReadOnlySpan<byte> answer) => null;

    private bool NotRead(out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        (request, error) = (null, OpenAiError.UnsupportedMediaType(contentType: null, Api.Bodies));
        return false;
    }
}
