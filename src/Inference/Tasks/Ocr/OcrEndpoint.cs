using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary><c>POST /v1/images/ocr</c>.</summary>
internal sealed class OcrEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.ImageOcr;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ImageOcrRequest.TryParse(body, out var request, out var invalid) ? Prepare(request, find) : invalid;

    public PreparedRequest Prepare(RequestForm form, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ImageOcrRequest.TryParse(form, out var request, out var invalid) ? Prepare(request, find) : invalid;

    private static PreparedRequest Prepare(ImageOcrRequest request, Func<string, LoadedModel?> find) =>
        find(request.Model) is LoadedOcr model
            ? new PreparedRequest.Ready(new OcrJob(model, request)) : OpenAiError.ModelNotFound(request.Model);
}

/// <summary>A request that a model can take.</summary>
internal sealed record OcrJob(LoadedOcr Loaded, ImageOcrRequest Request) : ITaskJob
{
    public LoadedModel Model => Loaded;

    public ITaskRun Begin(RequestScope scope) => new OcrWork(this, scope);
}
