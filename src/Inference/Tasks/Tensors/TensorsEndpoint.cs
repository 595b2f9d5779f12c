using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary><c>POST /v2/models/{model}/infer</c>; here the body names the model.</summary>
internal sealed class TensorsEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Tensors;

    public string Path => "/v2/infer";

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!InferRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        return find(request.Model) is not LoadedTensors model || (request.Version is { } version && version != model.Version)
            ? OpenAiError.ModelNotFound(request.Model)
            : model.Signature.FindFault(request) is { } fault ? fault : new PreparedRequest.Ready(new TensorsJob(model, request));
    }
}
