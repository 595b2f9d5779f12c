using System.Globalization;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Requests whose first line or headers are wrong.</summary>
internal static class HostileHeads
{
    private static readonly string[] Hidden =
        ["/internal/fleet", "/metrics", "/health/live", "/openapi/v1.json", "/internal/witness", "//v1//models", "/v1/models/"];

    private static readonly byte[] Body = HttpText.Bytes(HttpText.GoodBody);

    /// <summary>Keys that are none, and headers that only the platform itself may send.</summary>
    public static HostileRequest Credentials(HostileDraw draw)
    {
        var key = draw.Key;
        var authorization = draw.One(
        [
            "Authorization: Bearer\r\n", "Authorization: Bearer \r\n", $"Authorization: Basic {key}\r\n", $"Authorization: {key}\r\n",
            $"Authorization: Bearer {key}x\r\n", $"Authorization: Bearer {key[..^1]}\r\n", $"Authorization: Bearer {key} {key}\r\n",
            $"Authorization: Bearer {key.ToUpperInvariant()}\r\n", $"Authorization: bearer\t{key}\r\n",
            "Authorization: Bearer \xff\xfe\r\n",
            $"Authorization: Bearer sk-tg-{new string('a', 5_000)}\r\n", "Authorization: Bearer sk-tg-aaaaaaaaaaaa--\r\n",
            $"Authorization: Bearer {key}\r\nAuthorization: Bearer sk-tg-other\r\n", "api-key: x\r\n",
            "Authorization: Bearer ../../etc\r\n",
            $"Authorization: Bearer {key}\r\nX-Tollgate-Organization: 00000000-0000-0000-0000-000000000000\r\n",
            $"Authorization: Bearer {key}\r\nX-Tollgate-Request-Id: req_00000000000000000000000000000000\r\nX-Tollgate-Units: 0,0,0,0\r\n",
            $"Authorization: Bearer {key}\r\nOpenAI-Organization: org-other\r\nX-Forwarded-For: 127.0.0.1, \0\r\n",
        ]);
        return new("credentials", [HttpText.Post(draw.Path, authorization, Body)]);
    }

    public static HostileRequest Bombs(HostileDraw draw)
    {
        var random = draw.Random;
        var headers = random.Next(7) switch
        {
            0 => string.Concat(
                Enumerable.Range(0, random.Next(90, 2_000)).Select(i => $"X-H{i.ToString(CultureInfo.InvariantCulture)}: 1\r\n")),
            1 => $"X-Long: {new string('a', random.Next(30_000, 200_000))}\r\n",
            2 => $"{new string('N', random.Next(1_000, 70_000))}: 1\r\n",
            3 => string.Concat(Enumerable.Repeat("Cookie: a=b; c=d\r\n", random.Next(10, 500))),
            4 => $"X-Client-Request-Id: {draw.One([new string('x', 513), "\xe9\xe9", "a b\tc", draw.Key, "%0d%0aSet-Cookie: a"])}\r\n",
            5 => $"Accept: {string.Join(',', Enumerable.Repeat("*/*;q=0.1", 3_000))}\r\n",
            _ => $"Range: bytes={string.Join(',', Enumerable.Repeat("0-", 2_000))}\r\n"
                + "Expect: 100-continue\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
        };
        return new("header bombs", [HttpText.Post(draw.Path, draw.Authorization, Body, headers)]);
    }

    /// <summary>Methods, targets, versions and header lines that are not allowed, or not to outsiders.</summary>
    public static HostileRequest Lines(HostileDraw draw)
    {
        var random = draw.Random;
        var rest = $"Host: gateway\r\n{draw.Authorization}Connection: close\r\n\r\n";
        var text = random.Next(12) switch
        {
            0 => $"{draw.One(["TRACE", "CONNECT", "PATCH", "get", "FOO", "POST\0", "(", new string('M', 9_000)])} {draw.Path}"
                + $" HTTP/1.1\r\n{rest}",
            1 => $"GET {draw.One(Hidden)} HTTP/1.1\r\n{rest}",
            2 => $"GET /v1/{draw.One(["..%2f..%2fetc/passwd", "%00", "%ff%fe", "models/%2e%2e", "models/\xff", "models/a b", "%"])}"
                + $" HTTP/1.1\r\n{rest}",
            3 => $"GET /v1/models?{new string('q', random.Next(7_000, 20_000))} HTTP/1.1\r\n{rest}",
            4 => $"GET /v1/models HTTP/1.1\r\n{draw.Authorization}Connection: close\r\n\r\n", // No host.
            5 => $"GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n{rest}",
            6 => $"GET /v1/models HTTP/1.1\r\nHost: {draw.One(["", "a b", "http://x", "[::1", "x:99999", "\xff"])}\r\n"
                + $"{draw.Real}Connection: close\r\n\r\n",
            7 => "GET /v1/models HTTP/1.1\r\n"
                + $"{draw.One([" folded: 1", "No-Colon", ": empty", "Na me: 1", "X: a\0b", "X\r: 1", "X: \r\n folded"])}\r\n{rest}",
            8 => $"GET http://other.example/v1/models HTTP/1.1\r\n{rest}",
            9 => $"OPTIONS {draw.One(["*", "/v1/models", draw.Path])} HTTP/1.1\r\nOrigin: null\r\n"
                + $"Access-Control-Request-Method: \x7f\r\n{rest}",
            10 => $"{draw.One(["GET", "DELETE", "PUT", "HEAD"])} {draw.Path} HTTP/1.0\r\n{rest}",
            _ => $"GET /v1/models HTTP/1.1\n{rest.Replace("\r\n", "\n", StringComparison.Ordinal)}",
        };
        return new("request lines", [HttpText.Bytes(text)], random.Next(3) == 0 ? Ending.HalfClose : Ending.Read);
    }
}
