using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Writes JSON for clients: UTF-8, escaping only what JSON requires, as OpenAI does.</summary>
public static class Utf8Json
{
    /// <summary>
    /// Options of every writer of <c>/v1</c>. They leave apostrophes and non-ASCII letters readable; the content type prevents browsers
    /// from interpreting HTML.
    /// </summary>
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Returns the JSON that <paramref name="write"/> produces for <paramref name="value"/>.</summary>
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
