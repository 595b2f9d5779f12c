using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tokenizers;

public sealed class CanonicalFormsTests
{
    /// <summary>Every character that the table knows, alone and with marks around it, and random runs of letters, marks and
    /// Hangul.</summary>
    [Fact]
    public async Task Compose_gives_what_another_implementation_gives()
    {
        var random = new Random(14);
        var texts = Enumerable.Range(0, 0x2FA1E).Where(point => Rune.IsValid(point) && IsInteresting(point))
            .SelectMany(point => (string[])[Text(point), $"a{Text(point)}\u0327\u0301", $"{Text(point)}\u0301\u0323"]).ToList();
        int[] parts =
        [
            0x61, 0x41, 0x73, 0x1EA1, 0x300, 0x301, 0x307, 0x323, 0x327, 0x328, 0x345, 0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01,
            0x915, 0x93C, 0x1D157, 0x1D165,
        ];
        for (var i = 0; i < 20_000; i++)
        {
            texts.Add(string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => Text(parts[random.Next(parts.Length)]))));
        }

        var expected = await NodeOracle.RunAsync(
            "Tokenizers/normalize.mjs", new JsonArray([.. texts.Select(t => (JsonNode)t)]));

        for (var i = 0; i < texts.Count; i++)
        {
            var wanted = (string)expected[i]!;
            var found = CanonicalForms.Compose(texts[i]);
            Assert.True(wanted == found, $"{JsonValue.Create(texts[i])!.ToJsonString()}: {found} instead of {wanted}");
        }
    }

    [Fact]
    public void Compose_lengthens_no_text_beyond_its_bound()
    {
        var texts = Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(Text);

        Assert.Equal(
            CanonicalForms.MostBytesPerByte,
            texts.Max(t => Encoding.UTF8.GetByteCount(CanonicalForms.Compose(t)) / (double)Encoding.UTF8.GetByteCount(t)));
    }

    [Fact]
    public void Compose_orders_a_long_run_of_marks()
    {
        var text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", 200_000));

        var composed = CanonicalForms.Compose(text);

        Assert.Equal(text.Length - 1, composed.Length); // a and the first dot below are one
    }

    /// <summary>Where letters with marks, singletons, marks and Hangul lie; what is newer than the table is left out.</summary>
    private static bool IsInteresting(int point) => point is (>= 0xC0 and < 0x250) or (>= 0x300 and < 0x400) or (>= 0x620 and < 0x6E0)
        or (>= 0x915 and < 0xA60) or (>= 0xF40 and < 0xFC0) or (>= 0x1E00 and < 0x2000) or (>= 0x2000 and < 0x2010)
        or (>= 0x2120 and < 0x2130) or (>= 0x2ADC and < 0x2ADD) or (>= 0x3040 and < 0x3100) or (>= 0xAC00 and < 0xAD00)
        or (>= 0xF900 and < 0xFB50) or (>= 0x1D158 and < 0x1D1C1) or (>= 0x2F800 and < 0x2F900);

    private static string Text(int point) => char.ConvertFromUtf32(point);
}
