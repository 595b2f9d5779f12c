using System.Globalization;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Calls with pictures and recordings, small ones.</summary>
/// <param name="speech">Recordings of which parts are sent; null without a speech model.</param>
/// <param name="recognises">Whether there is a model that recognises pictures.</param>
internal sealed class MediaCalls(SpeechClips? speech, bool recognises)
{
    public const string SpeechModel = "speech";
    public const string PictureModel = "pictures";

    private static readonly string[] Prompts = ["a red house on green grass", "a blue boat on the sea", "a yellow sun"];

    /// <summary>One call of each kind that can be made, by a client that stays.</summary>
    public IEnumerable<CallPlan> Samples()
    {
        var random = new Random(1);
        IEnumerable<CallPlan> plans =
        [
            Drawing(random), .. recognises ? [Recognition(random)] : Array.Empty<CallPlan>(),
            .. speech is null ? [] : new[] { Transcription(random, speech) },
        ];
        return plans.Select(plan => plan with { LeaveAfterEvents = null, LeaveAfter = null });
    }

    /// <summary>Recordings are few: a model hears 30 s of each, however short it is.</summary>
    public CallPlan Draw(Random random) => random.Next(8) switch
    {
        0 when speech is not null => Transcription(random, speech),
        < 4 when recognises => Recognition(random),
        _ => Drawing(random),
    };

    private static CallPlan Drawing(Random random)
    {
        var (stream, pictures) = (random.Next(2) == 0, random.Next(4) == 0 ? 2 : 1);
        var more = stream ? string.Create(CultureInfo.InvariantCulture, $",\"stream\":true,\"partial_images\":{random.Next(3)}") : "";
        return new CallPlan(
            CallPlan.Drawings,
            $$"""
            {"model":"tiny-painter","prompt":"{{Prompts[random.Next(Prompts.Length)]}}","n":{{pictures}},"steps":{{random.Next(1, 5)}},
             "seed":{{random.Next()}}{{more}}}
            """,
            stream, $"drawing{(stream ? " stream" : "")} n={pictures}", LeaveAfterEvents(random, stream), LeaveAfter(random));
    }

    /// <summary>A picture as base64 or two in a list, or one as the file of a form.</summary>
    private static CallPlan Recognition(Random random)
    {
        if (random.Next(2) == 0)
        {
            return new CallPlan(
                "/v1/images/classifications", $$"""{"model":"{{PictureModel}}","top_n":2}""", false, "recognition form", null, null)
            {
                Upload = new Upload("picture.png", Picture(random)),
            };
        }

        var images = Enumerable.Range(0, random.Next(1, 3)).Select(_ => $"\"{PictureBytes.DataUrl(Picture(random))}\"");
        return new CallPlan(
            "/v1/images/classifications", $$"""{"model":"{{PictureModel}}","image":[{{string.Join(',', images)}}]}""", false,
            "recognition", null, LeaveAfter(random));
    }

    private static CallPlan Transcription(Random random, SpeechClips speech)
    {
        var stream = random.Next(2) == 0;
        var format = stream || random.Next(3) > 0 ? "json" : "text";
        return new CallPlan(
            CallPlan.Transcriptions,
            $$"""{"model":"{{SpeechModel}}","response_format":"{{format}}","stream":{{(stream ? "true" : "false")}}}""", stream,
            $"transcription{(stream ? " stream" : "")} {format}", LeaveAfterEvents(random, stream), LeaveAfter(random))
        {
            Upload = new Upload("speech.wav", stream && random.Next(4) == 0 ? speech.Long : speech.Cut(random)),
        };
    }

    private static byte[] Picture(Random random) => PictureBytes.Plain(
        random.Next(16, 200), random.Next(16, 200), (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));

    private static int? LeaveAfterEvents(Random random, bool stream) => stream && random.Next(100) < 20 ? random.Next(1, 4) : null;

    private static TimeSpan? LeaveAfter(Random random) => random.Next(100) < 8 ? TimeSpan.FromMilliseconds(random.Next(1, 800)) : null;
}
