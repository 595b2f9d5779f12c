using System.Globalization;
using System.Text;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Writes requests by hand, so that nothing stops them from being wrong. Latin-1: one character is one byte.</summary>
internal static class HttpText
{
    public const string ChatPath = "/v1/chat/completions";

    public const string GoodBody =
        """{"model":"tiny-assistant","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}""";

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>A whole request with a right length.</summary>
    /// <param name="headers">More header lines, each with its end.</param>
    public static byte[] Post(string path, string authorization, byte[] body, string headers = "", string type = "application/json") =>
    [
        .. Bytes(Head("POST", path, authorization, headers + Type(type) + Length(body.Length) + "Connection: close\r\n")), .. body,
    ];

    /// <summary>Request line and headers, with the empty line.</summary>
    public static string Head(string method, string path, string authorization, string headers) =>
        $"{method} {path} HTTP/1.1\r\nHost: gateway\r\n{authorization}{headers}\r\n";

    public static string Length(long bytes) => string.Create(CultureInfo.InvariantCulture, $"Content-Length: {bytes}\r\n");

    private static string Type(string type) => type.Length == 0 ? "" : $"Content-Type: {type}\r\n";
}
