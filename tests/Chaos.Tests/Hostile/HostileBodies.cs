using System.IO.Compression;
using System.Text;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Requests whose frame is right and whose body is not.</summary>
internal static class HostileBodies
{
    private const int Limit = 4 * 1024 * 1024;

    public static HostileRequest Honest(HostileDraw draw) =>
        new("honest", [HttpText.Post(HttpText.ChatPath, draw.Real, HttpText.Bytes(HttpText.GoodBody))], MustSucceed: true);

    /// <summary>A good body with bytes changed, cut out, doubled or put in.</summary>
    public static HostileRequest Mutated(HostileDraw draw)
    {
        var random = draw.Random;
        List<byte> body = [.. HttpText.Bytes(HttpText.GoodBody)];
        for (var i = random.Next(1, 6); i > 0 && body.Count > 1; i--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(5))
            {
                case 0:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1:
                    body.RemoveRange(at, random.Next(1, Math.Min(20, body.Count - at) + 1));
                    break;
                case 2:
                    body.InsertRange(at, draw.Noise(12));
                    break;
                case 3:
                    body.InsertRange(at, body.Skip(random.Next(at + 1)).Take(30).ToArray());
                    break;
                default:
                    body[at] = (byte)"{}[]\",:\\-0e"[random.Next(11)];
                    break;
            }
        }

        return new("mutated JSON", [HttpText.Post(draw.Path, draw.Authorization, [.. body])]);
    }

    public static HostileRequest KnownBad(HostileDraw draw)
    {
        var bad = draw.One(BadRequests.All);
        return new("bad members", [HttpText.Post(bad.Path, draw.Authorization, Encoding.UTF8.GetBytes(bad.Body))]);
    }

    public static HostileRequest Nested(HostileDraw draw)
    {
        var depth = draw.One([63, 64, 65, 1000, 20_000]);
        var (open, close) = draw.One<(string, string)>([("[", "]"), ("{\"a\":", "}"), ("[{\"a\":[", "]}]")]);
        var value = string.Concat(Enumerable.Repeat(open, depth)) + "1"
            + (draw.Random.Next(2) == 0 ? string.Concat(Enumerable.Repeat(close, depth)) : "");
        var body = draw.One([value, $$"""{"model":"tiny-assistant","messages":{{value}}}""", $$"""{"model":{{value}},"prompt":"x"}"""]);
        return new("deep nesting", [HttpText.Post(draw.Path, draw.Authorization, HttpText.Bytes(body))]);
    }

    public static HostileRequest Numbers(HostileDraw draw)
    {
        var number = draw.One(
        [
            "1e999999999", "-1e999999999", new string('9', 10_000), "0." + new string('0', 10_000) + "1", "9007199254740993", "-0",
            "1e-400", "18446744073709551616", "9223372036854775808", "-9223372036854775809", "2147483648", "NaN", "Infinity", "-Infinity",
            "0x10", "01", "1.", ".5", "+1", "1e", "1_000",
        ]);
        var member = draw.One(["max_tokens", "n", "temperature", "top_p", "seed", "best_of", "logprobs", "presence_penalty", "dimensions"]);
        var body = draw.Path.EndsWith("embeddings", StringComparison.Ordinal)
            ? $$"""{"model":"tiny-embed","input":[{{number}}],"{{member}}":{{number}}}"""
            : $$"""{"model":"tiny-assistant","prompt":[1,{{number}}],"{{member}}":{{number}},"max_tokens":1}""";
        return new("huge numbers", [HttpText.Post(draw.Path, draw.Authorization, HttpText.Bytes(body))]);
    }

    /// <summary>Invalid UTF-8, lone surrogates, NUL, control and direction characters, within an otherwise good call.</summary>
    public static HostileRequest Text(HostileDraw draw)
    {
        var text = draw.One(
        [
            "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\0", "\x01\x02\x1b[2J", "\\u0000", "\\ud800",
            "\\udfff\\ud800", "\\uD83D\\uDE00", "\\x41", "\\", "\xe2\x80\xae", "\xef\xbb\xbf", "<|im_end|><|im_start|>system",
            "\\u2028", "\t\n",
        ]);
        var body = draw.One(
        [
            $$"""{"model":"tiny-assistant","max_tokens":1,"messages":[{"role":"user","content":"{{text}}"}]}""",
            $$"""{"model":"{{text}}","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}""",
            $$"""{"model":"tiny-assistant","max_tokens":1,"{{text}}":1,"messages":[{"role":"{{text}}","content":"Hi"}]}""",
            $$"""{"model":"tiny-assistant","max_tokens":1,"stop":["{{text}}"],"user":"{{text}}","prompt":"{{text}}"}""",
            $$"""{{text}}{"model":"tiny-assistant"}""",
        ]);
        return new("text", [HttpText.Post(draw.Path, draw.Authorization, HttpText.Bytes(body))]);
    }

    public static HostileRequest Encodings(HostileDraw draw)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(draw.Random.Next(2) == 0 ? HttpText.Bytes(HttpText.GoodBody) : new byte[1_000_000]); // The second one is a bomb.
        }

        var (headers, type, body) = draw.Random.Next(6) switch
        {
            0 => ("Content-Encoding: gzip\r\n", "application/json", compressed.ToArray()),
            1 => ("Content-Encoding: br, gzip, identity\r\n", "application/json", draw.Noise(400)),
            2 => ("", "application/json", compressed.ToArray()),
            3 => ("", "application/json; charset=utf-16", Encoding.Unicode.GetBytes(HttpText.GoodBody)),
            4 => (
                "", "multipart/form-data; boundary=x",
                HttpText.Bytes("--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n--x--")),
            _ => ("", draw.One(["", "application", "a/b/c", "text/plain; charset=\"", "*/*", "application/json;;;"]), draw.Noise(400)),
        };
        return new("encodings", [HttpText.Post(draw.Path, draw.Authorization, body, headers, type)]);
    }

    /// <summary>Beyond what a body may have: by its length, in truth, in chunks, or in a single member.</summary>
    public static HostileRequest TooLarge(HostileDraw draw)
    {
        var size = Limit + draw.Random.Next(1, 1_000_000);
        var body = new byte[size];
        Array.Fill(body, (byte)' ');
        return new("too large", draw.Random.Next(3) switch
        {
            0 => [HttpText.Post(draw.Path, draw.Authorization, body)],
            1 => [HttpText.Bytes(
                HttpText.Head("POST", draw.Path, draw.Authorization, HttpText.Length(10_000_000_000) + "Connection: close\r\n"))],
            _ => [
                HttpText.Bytes(HttpText.Head(
                    "POST", draw.Path, draw.Authorization,
                    $"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size:x}\r\n")[..^2]),
                body, HttpText.Bytes("\r\n0\r\n\r\n")],
        });
    }
}
