using System.Text;
using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Contracts.Tensors;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

/// <summary>Parses by path, as the gateway does.</summary>
internal static class Parse
{
    public static (InferenceRequest? Request, OpenAiError? Error) Body(string path, ReadOnlyMemory<byte> body)
    {
        OpenAiError? error;
        switch (path)
        {
            case BadRequests.ChatPath:
                return (ChatRequest.TryParse(body, out var chat, out error) ? chat : null, error);
            case BadRequests.CompletionPath:
                return (CompletionRequest.TryParse(body, out var completion, out error) ? completion : null, error);
            case BadRequests.ResponsePath:
                return (ResponsesRequest.TryParse(body, out var response, out error) ? response : null, error);
            case BadRequests.RerankPath:
                return (RerankRequest.TryParse(body, out var rerank, out error) ? rerank : null, error);
            case BadRequests.ClassificationPath:
                return (ClassificationRequest.TryParse(body, out var classification, out error) ? classification : null, error);
            case BadRequests.PredictPath:
                return (PredictRequest.TryParse(body, null, out var prediction, out error) ? prediction : null, error);
            case BadRequests.ModerationPath:
                return (ModerationRequest.TryParse(body, out var moderation, out error) ? moderation : null, error);
            case BadPictureRequests.Path:
                return (ImageClassificationRequest.TryParse(body, out var pictures, out error) ? pictures : null, error);
            case BadPictureRequests.DetectionPath:
                return (ImageDetectionRequest.TryParse(body, out var detection, out error) ? detection : null, error);
            case BadPictureRequests.OcrPath:
                return (ImageOcrRequest.TryParse(body, out var ocr, out error) ? ocr : null, error);
            case BadRequests.ImageGenerationPath:
                return (ImageGenerationRequest.TryParse(body, out var generation, out error) ? generation : null, error);
            case BadMessagesRequests.Path:
                return (MessagesRequest.TryParse(body, out var messages, out error) ? messages : null, error);
            case BadMessagesRequests.CountPath:
                return (CountTokensRequest.TryParse(body, out var count, out error) ? count : null, error);
            case BadTensorRequests.Path:
                return (InferRequest.TryParse(body, null, "m", null, out var infer, out error) ? infer : null, error);
            default:
                return (EmbeddingRequest.TryParse(body, out var embedding, out error) ? embedding : null, error);
        }
    }

    public static ChatRequest Chat(string members = "") => Good<ChatRequest>(BadRequests.ChatPath, BadRequests.ChatBody(members));

    public static ChatRequest ChatOf(string messages) =>
        Good<ChatRequest>(BadRequests.ChatPath, $$"""{"model":"tiny-assistant","messages":{{messages}}}""");

    public static CompletionRequest Completion(string members = "") =>
        Good<CompletionRequest>(BadRequests.CompletionPath, BadRequests.CompletionBody(members));

    public static CompletionRequest CompletionOf(string prompt) =>
        Good<CompletionRequest>(BadRequests.CompletionPath, $$"""{"model":"tiny-assistant","prompt":{{prompt}}}""");

    public static EmbeddingRequest Embedding(string members = "") =>
        Good<EmbeddingRequest>(BadRequests.EmbeddingPath, BadRequests.EmbeddingBody(members));

    public static EmbeddingRequest EmbeddingOf(string input) =>
        Good<EmbeddingRequest>(BadRequests.EmbeddingPath, $$"""{"model":"tiny-embed","input":{{input}}}""");

    public static ImageGenerationRequest ImageGeneration(string members = "") =>
        Good<ImageGenerationRequest>(BadRequests.ImageGenerationPath, BadRequests.ImageGenerationBody(members));

    public static MessagesRequest Messages(string members = "") =>
        Good<MessagesRequest>(BadMessagesRequests.Path, BadMessagesRequests.Body(members));

    public static MessagesRequest MessagesOf(string messages, string members = "") =>
        Good<MessagesRequest>(BadMessagesRequests.Path, BadMessagesRequests.BodyOf(messages, members));

    public static TRequest Good<TRequest>(string path, string body)
        where TRequest : InferenceRequest
    {
        var (request, error) = Body(path, Encoding.UTF8.GetBytes(body));
        Assert.Null(error);
        return Assert.IsType<TRequest>(request);
    }
}
