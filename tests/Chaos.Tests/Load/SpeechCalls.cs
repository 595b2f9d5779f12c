using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Calls with recordings, short ones.</summary>
internal static class SpeechCalls
{
    public static CallPlan Transcription(CallDraw draw)
    {
        var random = draw.Random;
        var stream = random.Next(2) == 0;
        var format = stream || random.Next(3) > 0 ? "json" : "text";
        return Speak(
            draw, $$""","stream":{{(stream ? "true" : "false")}}""", format, stream,
            stream && random.Next(4) == 0 ? SpeechClips.Long : SpeechClips.Cut(random));
    }

    public static CallPlan Translation(CallDraw draw) =>
        Speak(draw, "", draw.Random.Next(3) > 0 ? "json" : "text", stream: false, SpeechClips.Cut(draw.Random));

    private static CallPlan Speak(CallDraw draw, string more, string format, bool stream, byte[] recording) =>
        draw.Plan(
            $$"""{"model":"{{draw.Model}}","prompt":"{{draw.Words}}","response_format":"{{format}}"{{more}}}""", stream, format) with
        {
            Upload = new Upload("speech.wav", recording),
            Sent = new Units(0, AudioMs: Units.BilledAudioMs(SpeechClips.Milliseconds(recording))),
        };
}
