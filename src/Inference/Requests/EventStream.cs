using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tollgate.Inference.Requests;

/// <summary>
/// Writes server-sent events. Each begins with the line <c>id:</c>, the completion tokens delivered so far over all choices: a gateway
/// counts by it without reading the JSON. One writer.
/// </summary>
internal sealed class EventStream(PipeWriter output) : IDisposable
{
    private readonly Utf8JsonWriter _json = new(output, AnswerJson.Options);

    /// <summary>Writes one event whose data <paramref name="write"/> gives; it goes out with the next flush.</summary>
    public void Write<TState>(long tokens, TState state, Action<TState, Utf8JsonWriter> write) => Write(tokens, null, state, write);

    /// <summary>Writes one event.</summary>
    /// <param name="count">What is delivered up to this event, in the unit that the endpoint's streams count.</param>
    /// <param name="name">Its name, ASCII; null for none.</param>
    public void Write<TState>(long count, string? name, TState state, Action<TState, Utf8JsonWriter> write)
    {
        WriteId(count, name);
        _json.Reset(output);
        write(state, _json);
        _json.Flush();
        output.Write("\n\n"u8);
    }

    /// <summary>Writes the event that ends a stream well.</summary>
    public void WriteDone(long tokens)
    {
        WriteId(tokens, null);
        output.Write("[DONE]\n\n"u8);
    }

    public async Task FlushAsync(CancellationToken cancellationToken) => await output.FlushAsync(cancellationToken);

    public void Dispose() => _json.Dispose();

    private void WriteId(long tokens, string? name)
    {
        output.Write("id: "u8);
        var span = output.GetSpan(20);
        Utf8Formatter.TryFormat(tokens, span, out var length);
        output.Advance(length);
        if (name is not null)
        {
            output.Write("\nevent: "u8);
            output.Write(Encoding.ASCII.GetBytes(name));
        }

        output.Write("\ndata: "u8);
    }
}

/// <summary>How answers are written.</summary>
internal static class AnswerJson
{
    /// <summary>Text goes out as it is: an answer is JSON, never part of a page.</summary>
    public static readonly JsonWriterOptions Options = new(
        ) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>An answer that is sent whole.</summary>
    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        return buffer.WrittenMemory;
    }
}
