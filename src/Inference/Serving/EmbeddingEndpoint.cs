using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Serving;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal static class EmbeddingEndpoint
{
    public static void MapEmbeddings(this IEndpointRouteBuilder routes) => routes.MapPost("/embeddings", EmbedAsync);

    private static async Task EmbedAsync(HttpContext context, ServedModels models, EmbeddingAnswers answers)
    {
        if (await RequestIntake.ReadBodyAsync(context) is not { } body)
        {
            return;
        }

        if (!EmbeddingRequest.TryParse(body, out var request, out var invalid))
        {
            await ErrorAnswer.WriteAsync(context, invalid);
        }
        else if (models.Find(request.Model) is not LoadedEmbedder model)
        {
            await ErrorAnswer.WriteAsync(context, OpenAiError.ModelNotFound(request.Model));
        }
        else if (request.Dimensions is { } width && width != model.Model.Width)
        {
            await ErrorAnswer.WriteAsync(
                context, OpenAiError.InvalidValue("dimensions", $"{model.Model.Width}, the only width of this model", $"{width}"));
        }
        else
        {
            await answers.RunAsync(context, model, request);
        }
    }
}
