using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks;

/// <summary>A <c>POST</c> endpoint of a task: reads a request and finds the model for it. Stateless.</summary>
internal interface ITaskEndpoint
{
    /// <summary>Its line in the list that all services share: paths and name in metrics.</summary>
    PublicEndpoint Api { get; }

    /// <summary>Its route, one of the line's.</summary>
    string Path => Api.Path;

    /// <summary>Reads and checks a body of JSON. The model computes nothing yet.</summary>
    /// <param name="find">Finds a ready model by name; null when there is none.</param>
    /// <exception cref="OperationCanceledException">The caller does not want the result any more.</exception>
    PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        OpenAiError.UnsupportedMediaType(contentType: null, Api.Bodies);

    /// <summary>Reads and checks a form, whose files stay in memory as long as the job. The model computes nothing yet.</summary>
    /// <inheritdoc cref="Prepare(ReadOnlyMemory{byte}, Func{string, LoadedModel?}, CancellationToken)"/>
    PreparedRequest Prepare(RequestForm form, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        OpenAiError.UnsupportedMediaType(contentType: null, Api.Bodies);
}

/// <summary>What an endpoint makes of a body.</summary>
internal abstract record PreparedRequest
{
    private PreparedRequest()
    {
    }

    public static implicit operator PreparedRequest(OpenAiError error) => new Refused(error);

    /// <summary>A job that a model can take.</summary>
    internal sealed record Ready(ITaskJob Job) : PreparedRequest;

    /// <summary>The error to answer with.</summary>
    internal sealed record Refused(OpenAiError Error) : PreparedRequest;
}
