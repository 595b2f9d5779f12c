using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/audio/translations</c>.</summary>
internal sealed class TranslationsEndpoint() : InferenceEndpoint(PublicEndpoint.AudioTranslations), IEndpoint
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createTranslation", "Audio", "Write down in English what is said",
            "Translates a recording into English, by a model that knows several languages. Files, formats and billing are those of "
            + "`POST /v1/audio/transcriptions`.")
        .TakesForm<TranslationForm>(TranscriptionExamples.Recording)
        .Answers<TranscriptionObject>(TranscriptionExamples.Answer, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated])
        .Fails(DocumentedErrors.OfInference(Api, "file"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);

    public override bool TryParse(
        RequestForm form, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = TranscriptionRequest.TryParse(form, translate: true, out var translation, out error);
        request = translation;
        return read;
    }
}
