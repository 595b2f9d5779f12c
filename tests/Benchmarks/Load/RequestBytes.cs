using System.Net;
using System.Text;

namespace Tollgate.Benchmarks.Load;

/// <summary>Whole HTTP requests as bytes, made once and sent often.</summary>
internal static class RequestBytes
{
    /// <summary>The prompt of every request: 200 bytes of plain text.</summary>
    public const string Prompt =
        "Tell a short story about a lighthouse keeper who counts ships. Every evening he writes their names into a book, and "
        + "one night a ship comes that has no name. What does he write, and who reads it later?";

    /// <summary><c>POST /v1/chat/completions</c> with <see cref="Prompt"/>.</summary>
    public static byte[] Chat(IPEndPoint server, string bearer, string model, int maxTokens, bool stream)
    {
        var streamed = stream ? ",\"stream\":true" : "";
        var body = $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{Prompt}}"}],"max_tokens":{{maxTokens}}{{streamed}}}""";
        return Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {bearer}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
