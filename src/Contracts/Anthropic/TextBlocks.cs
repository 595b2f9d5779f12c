using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>Reads a text that is given as a string or as blocks of text, which are joined as they are.</summary>
internal static class TextBlocks
{
    internal static readonly MemberNames Names = new(
        "type", "text", "cache_control", "citations",

        // Of blocks that are not supported.
        "source", "title", "context", "transformations", "content", "tool_name", "tabs", "state_changes");

    private static readonly string[] OtherTypes = ["image", "document", "search_result", "tool_reference", "browser_state"];

    /// <param name="utf8Bytes">Bytes of the text.</param>
    public static bool Read(ref RequestReader reader, out string text, out long utf8Bytes)
    {
        (text, utf8Bytes) = ("", 0);
        if (reader.Kind == JsonTokenType.String)
        {
            var read = reader.ReadString(out text, out var bytes);
            utf8Bytes = bytes;
            return read;
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType("a string or an array of text blocks");
        }

        var texts = new List<string>();
        reader.Enter();
        while (reader.NextElement())
        {
            if (!ReadBlock(ref reader, out var part, out var bytes))
            {
                return false;
            }

            texts.Add(part);
            utf8Bytes += bytes;
        }

        text = texts.Count == 1 ? texts[0] : string.Concat(texts);
        return reader.Error is null;
    }

    private static bool ReadBlock(ref RequestReader reader, out string text, out int utf8Bytes)
    {
        (text, utf8Bytes) = ("", 0);
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, isTyped, hasText) = (UInt128.Zero, false, false);
        while (reader.NextMember(Names, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            isTyped |= name == "type";
            hasText |= name == "text";
            if (!(name switch
            {
                "type" => ReadType(ref reader),
                "text" => reader.ReadString(out text, out utf8Bytes),
                "cache_control" => MessagesHints.ReadCacheControl(ref reader),
                "citations" => reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array"),
                _ => reader.FailUnsupported("is not supported: this endpoint reads text alone"),
            }))
            {
                return false;
            }
        }

        return reader.Error is null && ((isTyped && hasText) || reader.FailMissing(isTyped ? "text" : "type"));
    }

    private static bool ReadType(ref RequestReader reader)
    {
        if (reader.Is("text"u8))
        {
            return true;
        }

        return reader.ReadString(out var type) && (OtherTypes.Contains(type)
            ? reader.FailUnsupported("can only be 'text' here: this endpoint reads text alone") : reader.FailValue("'text'"));
    }
}
