using System.Globalization;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Requests that lie about where they end, or do not come as one request at all.</summary>
internal static class HostileFrames
{
    public const string SlowKind = "slow writers";
    private static readonly byte[] Body = HttpText.Bytes(HttpText.GoodBody);
    private static readonly string BodyText = HttpText.GoodBody;

    public static HostileRequest Lengths(HostileDraw draw)
    {
        var right = HttpText.Length(Body.Length);
        var headers = draw.One(
        [
            right + right, right + HttpText.Length(3), "Content-Length: -1\r\n", "Content-Length: 1, 2\r\n", "Content-Length: 0x10\r\n",
            "Content-Length: 99999999999999999999\r\n", "Content-Length: \r\n", "Content-Length: 4 4\r\n", "Content-Length: +85\r\n",
            right + "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n" + right,
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: \x0b" + "chunked\r\n" + right,
            "Transfer-Encoding : chunked\r\n" + right, "", HttpText.Length(Body.Length - 10),
        ]);
        return new(
            "lengths",
            [
                HttpText.Bytes(HttpText.Head(
                    "POST", draw.Path, draw.Authorization, "Content-Type: application/json\r\nConnection: close\r\n" + headers)),
                Body,
            ]);
    }

    public static HostileRequest Chunks(HostileDraw draw)
    {
        var whole = string.Create(CultureInfo.InvariantCulture, $"{Body.Length:x}\r\n{BodyText}\r\n");
        var (body, ending) = draw.One<(string, Ending)>(
        [
            (whole + "0\r\n\r\n", Ending.Read), // Right, for once.
            (string.Concat(BodyText.Select(c => $"1\r\n{c}\r\n")) + "0\r\n\r\n", Ending.Read), // Right, a byte at a time.
            (whole, Ending.HalfClose), ($"ffffffffffffffff\r\n{BodyText}", Ending.Read), ($"7fffffff\r\n{BodyText}", Ending.HalfClose),
            ($"-5\r\n{BodyText}\r\n0\r\n\r\n", Ending.Read), ($"zz\r\n{BodyText}\r\n0\r\n\r\n", Ending.Read),
            ($"5\r\n{BodyText}\r\n0\r\n\r\n", Ending.Read), ($"{new string('0', 5_000)}1\r\nx\r\n0\r\n\r\n", Ending.Read),
            ($"1;{new string('e', 20_000)}\r\nx\r\n0\r\n\r\n", Ending.Read),
            (whole + "0\r\nTrailer: a\r\nContent-Length: 3\r\n\r\n", Ending.Read),
            (whole + $"0\r\n{new string('T', 70_000)}: 1\r\n\r\n", Ending.Read), ("\r\n\r\n", Ending.HalfClose), ("", Ending.HalfClose),
            (whole + "0\n\n", Ending.HalfClose),
        ]);
        return new(
            "chunked lies",
            [
                HttpText.Bytes(HttpText.Head(
                    "POST", HttpText.ChatPath, draw.Authorization,
                    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n")),
                HttpText.Bytes(body),
            ],
            ending);
    }

    /// <summary>Several requests in one write; the last one may be broken or smuggle another one in its body.</summary>
    public static HostileRequest Pipelined(HostileDraw draw)
    {
        var keep = HttpText.Bytes(HttpText.Head("GET", "/v1/models", draw.Real, ""));
        var bad = HttpText.Bytes(
            HttpText.Head("POST", draw.Path, draw.Real, "Content-Type: application/json\r\nContent-Length: 2\r\n") + "{}");
        List<byte> all = [];
        for (var i = draw.Random.Next(1, 20); i > 0; i--)
        {
            all.AddRange(draw.Random.Next(2) == 0 ? keep : bad);
        }

        all.AddRange(draw.Random.Next(3) switch
        {
            0 => HttpText.Post(draw.Path, draw.Authorization, HttpText.Bytes("GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")),
            1 => [.. draw.Noise(300), .. HttpText.Bytes("\r\n\r\n")],
            _ => HttpText.Post(HttpText.ChatPath, draw.Authorization, Body),
        });
        return new("pipelined", [all.ToArray()]);
    }

    /// <summary>Cut off anywhere: in the line, the headers or the body.</summary>
    public static HostileRequest Truncated(HostileDraw draw)
    {
        var whole = HttpText.Post(draw.Path, draw.Authorization, Body);
        return new(
            "truncated", [whole.AsMemory(0, draw.Random.Next(1, whole.Length))],
            draw.Random.Next(2) == 0 ? Ending.HalfClose : Ending.Reset);
    }

    public static HostileRequest OtherProtocols(HostileDraw draw)
    {
        byte[] bytes = draw.Random.Next(7) switch
        {
            0 => [.. HttpText.Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), .. draw.Noise(200)],
            1 => [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, .. draw.Noise(300)], // A TLS hello.
            2 => HttpText.Bytes("SSH-2.0-OpenSSH_9.6\r\n"),
            3 => HttpText.Bytes("GET /\r\n\r\n"),
            4 => HttpText.Bytes("*1\r\n$4\r\nPING\r\n"),
            5 =>
            [
                .. HttpText.Bytes(HttpText.Head(
                    "POST", "/v1/completions", "",
                    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings, close\r\n")),
                .. draw.Noise(90),
            ],
            _ => draw.Noise(2_000),
        };
        return new("other protocols", [bytes], Ending.HalfClose);
    }

    /// <summary>A few bytes at a time for one to three seconds; then the rest, or nothing more.</summary>
    public static HostileRequest Slow(HostileDraw draw)
    {
        var whole = HttpText.Post(HttpText.ChatPath, draw.Authorization, Body);
        var first = draw.Random.Next(1, whole.Length - 40);
        List<ReadOnlyMemory<byte>> parts = [whole.AsMemory(0, first)];
        for (var i = 0; i < 15 && first < whole.Length - 1; i++)
        {
            parts.Add(whole.AsMemory(first++, 1));
        }

        var rest = draw.Random.Next(2) == 0;
        if (rest)
        {
            parts.Add(whole.AsMemory(first));
        }

        return new("slow writers", parts, rest ? Ending.Read : Ending.HalfClose, TimeSpan.FromMilliseconds(draw.Random.Next(60, 200)));
    }

    /// <summary>A good call, streamed or not, whose client is gone before its answer.</summary>
    public static HostileRequest Leaving(HostileDraw draw)
    {
        var body = draw.Random.Next(2) == 0
            ? Body : HttpText.Bytes("""{"model":"tiny-assistant","prompt":"Once","max_tokens":20,"stream":true}""");
        return new(
            "leaving", [HttpText.Post(body == Body ? HttpText.ChatPath : "/v1/completions", draw.Real, body)],
            draw.One([Ending.Reset, Ending.HalfClose]), TimeSpan.FromMilliseconds(draw.Random.Next(0, 30)));
    }
}
