using System.Buffers;
using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

/// <summary>Writes the bytes of forms, proper ones and others.</summary>
internal sealed class FormBytes(string boundary = FormBytes.Boundary)
{
    public const string Boundary = "----tollgate1234";

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public static string ContentType(string boundary = Boundary) => $"multipart/form-data; boundary=\"{boundary}\"";

    /// <summary>A part with these header lines, each ended by <c>\r\n</c>.</summary>
    public FormBytes Part(string headers, ReadOnlySpan<byte> value)
    {
        _bytes.Write(Encoding.UTF8.GetBytes($"--{boundary}\r\n{headers}\r\n"));
        _bytes.Write(value);
        _bytes.Write("\r\n"u8);
        return this;
    }

    public FormBytes Field(string name, string value) =>
        Part($"Content-Disposition: form-data; name=\"{name}\"\r\n", Encoding.UTF8.GetBytes(value));

    public FormBytes File(string name, string fileName, ReadOnlySpan<byte> value, string type = "application/octet-stream") =>
        Part($"Content-Disposition: form-data; name=\"{name}\"; filename=\"{fileName}\"\r\nContent-Type: {type}\r\n", value);

    public byte[] End(string closing = "--\r\n")
    {
        _bytes.Write(Encoding.UTF8.GetBytes($"--{boundary}{closing}"));
        return _bytes.WrittenSpan.ToArray();
    }

    /// <summary>Parses bytes as a form.</summary>
    public static Task<OrRefusal<RequestForm>> ParseAsync(byte[] body, string? contentType = null) =>
        RequestForm.ParseAsync(body, contentType ?? ContentType(), CancellationToken.None);

    public static async Task<RequestForm> GoodAsync(byte[] body, string? contentType = null)
    {
        var parsed = await ParseAsync(body, contentType);
        Assert.Null(parsed.Refusal);
        return parsed.Value!;
    }

    public static async Task<OpenAiError> BadAsync(byte[] body, string? contentType = null)
    {
        var parsed = await ParseAsync(body, contentType);
        Assert.Null(parsed.Value);
        return parsed.Refusal!;
    }
}
