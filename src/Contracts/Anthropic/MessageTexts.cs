using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>Reads <c>messages</c> and <c>system</c>.</summary>
internal struct MessageTexts
{
    internal static readonly MemberNames MessageNames = new("role", "content");

    private readonly MergedMessages _merged = new();
    private int _count;
    private long _utf8Bytes;

    public MessageTexts()
    {
    }

    /// <summary>Calls in the messages.</summary>
    public readonly int Calls => _merged.Calls;

    /// <summary>Bytes of all texts, of ids, names and inputs of calls too, and of what stands between them.</summary>
    public readonly long Utf8Bytes => _utf8Bytes + _merged.AddedBytes;

    /// <summary>Path of the last message's content.</summary>
    public readonly string LastMember => $"messages[{_count - 1}].content";

    public bool Read(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            _count++;
            if (!ReadMessage(ref reader))
            {
                return false;
            }
        }

        return reader.Error is null && (_count > 0
            || reader.Fail(OpenAiError.InvalidValue("messages", "an array with at least one message", "an empty array")));
    }

    /// <summary>Reads the text that comes before all messages; null where it is empty.</summary>
    public bool ReadSystem(ref RequestReader reader, out string? system)
    {
        var read = TextBlocks.Read(ref reader, out var text, out var bytes);
        _utf8Bytes += bytes;
        system = text.Length == 0 ? null : text;
        return read;
    }

    /// <summary>All messages in their order; false after an error.</summary>
    /// <param name="prefill">What the assistant has said of the answer; null for nothing.</param>
    public readonly bool TryFinish(
        ref RequestReader reader, string? system, out IReadOnlyList<ChatMessage> messages, out string? prefill)
    {
        (messages, prefill) = ([], null);
        if (_count == 0)
        {
            return reader.FailMissing("messages");
        }

        messages = _merged.Take(system, out var last);
        if (last is { Calls.Count: > 0 })
        {
            return reader.Fail(OpenAiError.InvalidValue(LastMember, "a 'tool_result' for each 'tool_use' in a message after it"));
        }

        if (last is { Content.Length: > 0 } && char.IsWhiteSpace(last.Content[^1]))
        {
            return reader.Fail(OpenAiError.InvalidValue(LastMember, "a text of the assistant that does not end with white space"));
        }

        prefill = last is { Content.Length: > 0 } ? last.Content : null;
        return messages.Any(static message => message.Role is "user" or "tool")
            || reader.Fail(OpenAiError.InvalidValue("messages", "at least one message of the user"));
    }

    private bool ReadMessage(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        string? role = null;
        List<MessageBlock>? blocks = null;
        while (reader.NextMember(MessageNames, ref seen, out var name))
        {
            if (!reader.IsNull && !(name == "role"
                ? MessagesHints.ReadOneOf(ref reader, "user", "assistant", "system") && reader.ReadString(out role)
                : ReadContent(ref reader, out blocks)))
            {
                return false;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        return role is null || blocks is null
            ? reader.FailMissing(role is null ? "role" : "content") : Add(ref reader, role, blocks);
    }

    private bool ReadContent(ref RequestReader reader, out List<MessageBlock>? blocks)
    {
        blocks = null;
        if (reader.Kind == JsonTokenType.String)
        {
            var read = reader.ReadString(out var text, out var bytes);
            _utf8Bytes += bytes;
            blocks = [new MessageBlock(BlockKind.Text) { Text = text }];
            return read;
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType("a string or an array of content blocks");
        }

        var found = new List<MessageBlock>();
        reader.Enter();
        while (reader.NextElement())
        {
            if (!MessageBlock.Read(ref reader, out var block, out var bytes))
            {
                return false;
            }

            _utf8Bytes += bytes;
            found.Add(block);
        }

        blocks = found;
        return reader.Error is null;
    }

    private readonly bool Add(ref RequestReader reader, string role, List<MessageBlock> blocks)
    {
        for (var i = 0; i < blocks.Count; i++)
        {
            if (Refuse(ref reader, role, blocks[i], i))
            {
                return false;
            }
        }

        var texts = blocks.Where(static block => block.Kind == BlockKind.Text).Select(static block => block.Text).ToList();
        if (role != "assistant")
        {
            if (blocks.Count == 0 || texts.Contains(""))
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.Below("content"), "no empty text"));
            }

            foreach (var result in blocks.Where(static block => block.Kind == BlockKind.Result))
            {
                _merged.AddResult(result.Id, result.Text);
            }

            if (texts.Count == 0)
            {
                return true;
            }
        }

        _merged.AddText(role, string.Concat(texts));
        foreach (var call in blocks.Where(static block => block.Kind == BlockKind.Call))
        {
            if (!_merged.AddCall(new ToolCall(call.Id, call.Name, call.Text)))
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    reader.Below("content"), "an id that no other 'tool_use' has", $"'{OpenAiError.Shorten(call.Id)}'"));
            }
        }

        return true;
    }

    /// <summary>Whether a block cannot stand in a message of the role; the error is set then.</summary>
    private readonly bool Refuse(ref RequestReader reader, string role, MessageBlock block, int index)
    {
        var mayBe = block.Kind switch
        {
            BlockKind.Text => true,
            BlockKind.Result => role == "user",
            _ => role == "assistant",
        };
        if (!mayBe)
        {
            reader.Fail(OpenAiError.InvalidValue(
                reader.Below($"content[{index}].type"), $"a block that a message of the {role} can have", $"'{block.TypeName}'"));
        }
        else if (block.Kind == BlockKind.Result && !_merged.HasCall(block.Id))
        {
            reader.Fail(OpenAiError.InvalidValue(
                reader.Below($"content[{index}].tool_use_id"), "the id of a 'tool_use' in an earlier message",
                $"'{OpenAiError.Shorten(block.Id)}'"));
        }

        return reader.Error is not null;
    }
}
