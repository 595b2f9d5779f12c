using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/audio/transcriptions</c>.</summary>
internal sealed class TranscriptionsEndpoint() : InferenceEndpoint(PublicEndpoint.AudioTranscriptions), IEndpoint
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createTranscription", "Audio", "Write down what is said",
            "Transcribes a recording in its language. The file is a WAV of any rate, width and number of channels; other containers are "
            + "read where the operator has ffmpeg. `response_format` `text`, `srt` and `vtt` answer with plain text; with `stream: true` "
            + "the text comes as `transcript.text.delta` events and one `transcript.text.done`. A recording is billed by its length in "
            + "seconds, rounded up.")
        .TakesForm<TranscriptionForm>(TranscriptionExamples.Recording)
        .Answers<TranscriptionObject>(TranscriptionExamples.Answer, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated])
        .Streams<TranscriptionEvent>(TranscriptionExamples.Events)
        .Fails(DocumentedErrors.OfInference(Api, "file"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);

    public override long CountOf(Units units) => units.AudioMs;

    public override Units UnitsOf(Units known, long count) => known with { AudioMs = count };

    public override bool TryParse(
        RequestForm form, [NotNullWhen(true)] out InferenceRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = TranscriptionRequest.TryParse(form, translate: false, out var transcription, out error);
        request = transcription;
        return read;
    }
}
