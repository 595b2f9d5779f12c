using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary><c>POST /v1/images/detections</c>.</summary>
internal sealed class DetectionEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.ImageDetections;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ImageDetectionRequest.TryParse(body, out var request, out var invalid) ? Prepare(request, find) : invalid;

    public PreparedRequest Prepare(RequestForm form, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ImageDetectionRequest.TryParse(form, out var request, out var invalid) ? Prepare(request, find) : invalid;

    private static PreparedRequest Prepare(ImageDetectionRequest request, Func<string, LoadedModel?> find) =>
        find(request.Model) is LoadedDetector detector
            ? new PreparedRequest.Ready(new DetectionJob(detector, request)) : OpenAiError.ModelNotFound(request.Model);
}
