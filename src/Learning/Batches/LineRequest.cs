using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tollgate.Learning.Batches;

/// <summary>One line of the input file, read when it is about to run.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="CustomId">The client's name of the request.</param>
/// <param name="Body">The request: one JSON object as in the file.</param>
/// <param name="AsksForStream">Whether the body has <c>"stream": true</c>.</param>
internal sealed record LineRequest(int Line, string CustomId, ReadOnlyMemory<byte> Body, bool AsksForStream)
{
    /// <summary>Reads a line that the validation accepted.</summary>
    /// <exception cref="JsonException">The bytes are no such line.</exception>
    public static LineRequest Parse(int line, ReadOnlyMemory<byte> bytes)
    {
        var text = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        using var document = JsonDocument.Parse(text);
        var body = document.RootElement.GetProperty("body");
        return new LineRequest(
            line, document.RootElement.GetProperty("custom_id").GetString()!, JsonMarshal.GetRawUtf8Value(body).ToArray(),
            body.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True);
    }

    /// <summary>The Idempotency-Key of the line's calls: the same whenever the line is asked for, and of no other line.</summary>
    public string IdempotencyKey(Guid batch) => $"batch-{batch:N}-{Convert.ToHexStringLower(Digest())}";

    private byte[] Digest() => SHA256.HashData(Encoding.UTF8.GetBytes(CustomId));
}

/// <summary>Ids of lines in output and error files.</summary>
internal static class LineIds
{
    public static string Of(Guid batch, int line)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{batch:N} {line}"));
        return $"batch_req_{Convert.ToHexStringLower(digest.AsSpan(0, 16))}";
    }
}
