using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Writes JSON that clients read: UTF-8, escaping only what JSON itself demands, as OpenAI's bodies do.</summary>
public static class Utf8Json
{
    /// <summary>
    /// For every writer of <c>/v1</c>. Apostrophes and non-ASCII letters stay readable; the content type keeps browsers from reading HTML.
    /// </summary>
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>What <paramref name="write"/> writes for <paramref name="value"/>.</summary>
    public static byte[] Write<T>(T value, Action<T, Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            write(value, writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
