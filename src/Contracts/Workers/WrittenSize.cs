using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Workers;

/// <summary>How much a chat template has to write of a conversation, as far as it can be known without the template.</summary>
/// <param name="Messages">Number of messages.</param>
/// <param name="TextBytes">Bytes of contents and names, of ids and arguments of calls too.</param>
/// <param name="AddedBytes">What JSON adds to arguments and results: escapes, and a blank behind each comma and colon.</param>
/// <param name="Tools">Number of functions.</param>
/// <param name="ToolBytes">Bytes of the functions as JSON with such blanks.</param>
/// <param name="Calls">Number of calls.</param>
/// <param name="Results">Number of messages with results.</param>
public readonly record struct WrittenSize(
    int Messages, long TextBytes, long AddedBytes, int Tools, long ToolBytes, int Calls, int Results)
{
    /// <summary>A number such as 1e14 is written out by some templates.</summary>
    private const int LongestNumber = 24;

    private const int LongestName = 64;

    /// <summary>All bytes.</summary>
    public long Bytes => TextBytes + AddedBytes + ToolBytes;

    public static WrittenSize Of(ConversationRequest request) =>
        Of(request.Messages, request.Tools?.Definitions ?? [], request.Size.Utf8Bytes);

    /// <param name="textBytes">As of <see cref="PromptSize.Utf8Bytes"/>.</param>
    public static WrittenSize Of(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools, long textBytes)
    {
        var (added, bytes, calls, results) = (0L, 0L, 0, 0);
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            foreach (var call in message.Calls)
            {
                added += Escapes(call.Arguments) + Blanks(call.Arguments);
                names[call.Id] = call.Name.Length;
                calls++;
            }

            if (message.Role == "tool")
            {
                // A result is given the name of its function.
                added += Escapes(message.Content)
                    + (message.CallId is { } id && names.TryGetValue(id, out var name) ? name : LongestName);
                results++;
            }
        }

        foreach (var tool in tools)
        {
            bytes += tool.Name.Length;
            if (tool.Description is { } description)
            {
                bytes += Encoding.UTF8.GetByteCount(description) + Escapes(description);
            }

            if (tool.Parameters?.GetRawText() is { } parameters)
            {
                bytes += Encoding.UTF8.GetByteCount(parameters) + Blanks(parameters);
            }
        }

        return new WrittenSize(messages.Count, textBytes, added, tools.Count, bytes, calls, results);
    }

    private static long Escapes(string text)
    {
        var added = 0L;
        foreach (var character in text)
        {
            added += character is '"' or '\\' or '\n' or '\r' or '\t' or '\b' or '\f' ? 1 : character < ' ' ? 5 : 0;
        }

        return added;
    }

    private static long Blanks(string json)
    {
        var added = 0L;
        for (var i = 0; i < json.Length; i++)
        {
            added += json[i] is ',' or ':' ? 1 : json[i] is 'e' or 'E' && i > 0 && char.IsAsciiDigit(json[i - 1]) ? LongestNumber : 0;
            if (i >= 18 && char.IsAsciiDigit(json[i]) && char.IsAsciiDigit(json[i - 18]))
            {
                added++; // Digits beyond a whole number of 64 bits become a real number with an exponent.
            }
        }

        return added;
    }
}
