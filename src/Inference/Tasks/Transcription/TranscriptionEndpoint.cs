using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary><c>POST /v1/audio/transcriptions</c> and <c>POST /v1/audio/translations</c>.</summary>
/// <param name="api">One of the two.</param>
internal sealed class TranscriptionEndpoint(PublicEndpoint api) : ITaskEndpoint
{
    public PublicEndpoint Api => api;

    public PreparedRequest Prepare(RequestForm form, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!TranscriptionRequest.TryParse(form, api == PublicEndpoint.AudioTranslations, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not LoadedSpeech speech)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        return Check(request, speech.Model.Speech) is { } refusal
            ? refusal : new PreparedRequest.Ready(new TranscriptionJob(speech, request));
    }

    /// <summary>Refuses what the model cannot do.</summary>
    private static OpenAiError? Check(TranscriptionRequest request, ModelSpeech speech)
    {
        if (request.Translate && !speech.IsMultilingual)
        {
            return OpenAiError.InvalidValue(
                "model", "a model of several languages: this one hears English alone, and cannot translate", $"'{request.Model}'");
        }

        if (request.Words && speech.Alignment is null)
        {
            return OpenAiError.InvalidValue(
                "timestamp_granularities[]", "'segment': this model's decoder does not give the attention that times of words need",
                "'word'");
        }

        if (request.Voice is { Required: true } && speech.Voice is null)
        {
            return OpenAiError.InvalidValue(
                "chunking_strategy",
                "'auto', or a model with a voice activity detector: this one has none, and gets one when it is imported from a folder that "
                + "also holds silero_vad.onnx",
                "'server_vad'");
        }

        var knows = request.Language is null
            || (speech.IsMultilingual ? speech.Languages.ContainsKey(request.Language) : request.Language == "en");
        return knows ? null : OpenAiError.InvalidValue(
            "language", speech.IsMultilingual ? "a language that this model knows" : "'en', the only language of this model",
            $"'{request.Language}'");
    }
}
