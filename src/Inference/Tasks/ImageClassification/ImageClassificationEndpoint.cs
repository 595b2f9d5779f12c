using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary><c>POST /v1/images/classifications</c>.</summary>
internal sealed class ImageClassificationEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.ImageClassifications;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ImageClassificationRequest.TryParse(body, out var request, out var invalid) ? Prepare(request, find) : invalid;

    public PreparedRequest Prepare(RequestForm form, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        ImageClassificationRequest.TryParse(form, out var request, out var invalid) ? Prepare(request, find) : invalid;

    private static PreparedRequest Prepare(ImageClassificationRequest request, Func<string, LoadedModel?> find) =>
        find(request.Model) is LoadedImageClassifier classifier
            ? new PreparedRequest.Ready(new ImageClassificationJob(
                classifier, request.Images, (json, result) => ImageClassificationFormat.WriteList(json, result, request.TopN)))
            : OpenAiError.ModelNotFound(request.Model);
}
