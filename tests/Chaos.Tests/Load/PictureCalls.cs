using System.Globalization;
using Tollgate.Contracts.Metering;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Calls with pictures, small ones.</summary>
internal static class PictureCalls
{
    public static CallPlan Drawing(CallDraw draw)
    {
        var random = draw.Random;
        var (stream, pictures) = (random.Next(2) == 0, random.Next(4) == 0 ? 2 : 1);
        var more = stream ? string.Create(CultureInfo.InvariantCulture, $",\"stream\":true,\"partial_images\":{random.Next(3)}") : "";
        return draw.Plan(
            $$"""
            {"model":"{{draw.Model}}","prompt":"{{draw.Words}}","n":{{pictures}},"steps":{{random.Next(1, 5)}},
             "seed":{{random.Next()}}{{more}}}
            """,
            stream, $"n={pictures}");
    }

    public static CallPlan Recognition(CallDraw draw) => Show(draw, "\"top_n\":2", Plain(draw.Random), Plain(draw.Random));

    public static CallPlan Detection(CallDraw draw) => Show(draw, "\"threshold\":0.2", Plain(draw.Random), Plain(draw.Random));

    /// <summary>Every other picture has words in it.</summary>
    public static CallPlan Reading(CallDraw draw) => Show(
        draw, "\"min_confidence\":0.1", draw.Random.Next(2) == 0 ? new Picture(PictureBytes.Words, 176, 32) : Plain(draw.Random));

    /// <summary>The first picture as the file of a form, or one or all of them as base64.</summary>
    private static CallPlan Show(CallDraw draw, string member, params ReadOnlySpan<Picture> pictures)
    {
        if (draw.Random.Next(2) == 0)
        {
            return draw.Plan($$"""{"model":"{{draw.Model}}",{{member}}}""", detail: "form") with
            {
                Upload = new Upload("picture.png", pictures[0].File), Sent = UnitsOf(pictures[..1]),
            };
        }

        var shown = pictures[..draw.Random.Next(1, pictures.Length + 1)];
        var urls = string.Join(',', shown.ToArray().Select(picture => $"\"{PictureBytes.DataUrl(picture.File)}\""));
        return draw.Plan($$"""{"model":"{{draw.Model}}","image":{{(shown.Length > 1 ? $"[{urls}]" : urls)}},{{member}}}""") with
        {
            Sent = UnitsOf(shown),
        };
    }

    private static Units UnitsOf(ReadOnlySpan<Picture> pictures) =>
        new(0, Images: pictures.Length, Pixels: pictures.ToArray().Sum(picture => (long)picture.Width * picture.Height));

    private static Picture Plain(Random random)
    {
        var (width, height) = (random.Next(16, 200), random.Next(16, 200));
        return new Picture(
            PictureBytes.Plain(width, height, (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)), width, height);
    }

    private readonly record struct Picture(byte[] File, int Width, int Height);
}
