using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Reads an example in the form of OpenAI's chat models as one of a classifier: the user's text, and the assistant's answer as its label.
/// Everything that a classifier would have to leave out is refused by name.
/// </summary>
internal static class ChatExample
{
    /// <returns>Text and label; where they are missing a fault was added.</returns>
    public static ExampleDraft Read(RawRecord line, DatasetFindings findings)
    {
        var draft = default(ExampleDraft);
        var json = new Utf8JsonReader(line.Bytes, new JsonReaderOptions { MaxDepth = JsonCheck.MaxDepth });
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!json.ValueTextEquals("messages"u8))
            {
                Refuse(line, findings, (int)json.TokenStartIndex, $"the row also has '{OpenAiError.Shorten(json.GetString()!)}'");
                return draft;
            }

            json.Read();
            if (json.TokenType != JsonTokenType.StartArray)
            {
                Refuse(line, findings, (int)json.TokenStartIndex, "'messages' is not an array");
                return draft;
            }

            if (!ReadMessages(line, findings, ref json, ref draft))
            {
                return draft;
            }
        }

        return draft;
    }

    private static bool ReadMessages(RawRecord line, DatasetFindings findings, ref Utf8JsonReader json, ref ExampleDraft draft)
    {
        var index = 0;
        for (; json.Read() && json.TokenType != JsonTokenType.EndArray; index++)
        {
            var at = (int)json.TokenStartIndex;
            if (json.TokenType != JsonTokenType.StartObject)
            {
                return Refuse(line, findings, at, $"messages[{index}] is not an object");
            }

            if (!ReadMessage(line, findings, ref json, index, out var message))
            {
                return false;
            }

            var expected = index switch { 0 => "user", 1 => "assistant", _ => null };
            if (message.Role != expected)
            {
                var what = expected is null ? "is one more" : $"has the role '{OpenAiError.Shorten(message.Role)}'";
                return Refuse(line, findings, at, $"messages[{index}] {what}");
            }

            draft = index == 0
                ? draft with { Text = message.Content, TextAt = message.ContentAt }
                : draft with { Label = message.Content, LabelAt = message.ContentAt };
        }

        if (index < 2)
        {
            findings.Add(
                line.At((int)json.TokenStartIndex),
                index == 0 ? FaultTexts.UnsupportedMessages("there is no message") : FaultTexts.MissingAnswer());
        }

        return index == 2;
    }

    private static bool ReadMessage(
        RawRecord line, DatasetFindings findings, ref Utf8JsonReader json, int index,
        out (string Role, string Content, int ContentAt) message)
    {
        message = default;
        string? role = null;
        string? content = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (isRole, isContent) = (json.ValueTextEquals("role"u8), json.ValueTextEquals("content"u8));
            var name = $"messages[{index}].{OpenAiError.Shorten(json.GetString()!)}";
            var at = (int)json.TokenStartIndex;
            json.Read();
            if (!isRole && !isContent)
            {
                return Refuse(line, findings, at, $"the row has '{name}'");
            }

            if (json.TokenType != JsonTokenType.String)
            {
                return Refuse(line, findings, (int)json.TokenStartIndex, $"'{name}' is not a string");
            }

            role = isRole ? json.GetString() : role;
            content = isContent ? json.GetString() : content;
            message.ContentAt = isContent ? (int)json.TokenStartIndex : message.ContentAt;
        }

        message = (role ?? "", content ?? "", message.ContentAt);
        return (role is not null && content is not null)
            || Refuse(line, findings, (int)json.TokenStartIndex, $"messages[{index}] lacks its {(role is null ? "role" : "content")}");
    }

    private static bool Refuse(RawRecord line, DatasetFindings findings, int at, string what)
    {
        findings.Add(line.At(at), FaultTexts.UnsupportedMessages(what));
        return false;
    }
}
