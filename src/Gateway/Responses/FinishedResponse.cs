using System.Text.Json;

namespace Tollgate.Gateway.Responses;

/// <summary>The response in the last bytes of an answer.</summary>
internal sealed class FinishedResponse
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    private readonly ReadOnlyMemory<byte> _last;
    private readonly Range _store;

    private FinishedResponse(ReadOnlyMemory<byte> last, Range json, Range store) => (_last, Json, _store) = (last, last[json], store);

    /// <summary>The response object.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Finds the response; null where there is none.</summary>
    /// <param name="last">The body, or of a stream some events, the last one of which has the response.</param>
    public static FinishedResponse? Find(ReadOnlyMemory<byte> last, bool isStream)
    {
        try
        {
            return FindIn(last, isStream);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The last bytes with <c>store: false</c>.</summary>
    public byte[] WithoutStore() => [.. _last.Span[.._store.Start], .. "false"u8, .. _last.Span[_store.End..]];

    private static FinishedResponse? FindIn(ReadOnlyMemory<byte> last, bool isStream)
    {
        var start = 0;
        var bytes = last.Span;
        if (isStream)
        {
            var border = bytes[..Math.Max(0, bytes.Length - 2)].LastIndexOf("\n\n"u8);
            var eventStart = border < 0 ? 0 : border + 2;
            var data = bytes[eventStart..].IndexOf("\ndata: "u8);
            if (data < 0)
            {
                return null;
            }

            start = eventStart + data + "\ndata: "u8.Length;
        }

        // A stream's last bytes end with the line of its last event, which is a JSON text and nothing else.
        var reader = new Utf8JsonReader(bytes[start..], Options);
        reader.Read();
        if (isStream && !FindMember(ref reader, "response"u8))
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        var from = start + (int)reader.TokenStartIndex;
        if (!FindMember(ref reader, "store"u8))
        {
            return null;
        }

        var store = (start + (int)reader.TokenStartIndex)..(start + (int)reader.BytesConsumed);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            reader.Skip();
        }

        return new FinishedResponse(last, from..(start + (int)reader.BytesConsumed), store);
    }

    /// <summary>Reads on to the value of a member of the object that the reader is in.</summary>
    private static bool FindMember(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
