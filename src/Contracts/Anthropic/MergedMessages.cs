using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>
/// Puts messages into the order in which a model reads them: messages of one role in a row are one turn, as at Anthropic, and the results
/// of tools come before what the user says beside them.
/// </summary>
internal sealed class MergedMessages
{
    /// <summary>Parts the texts of messages that become one.</summary>
    private const string Between = "\n\n";

    private readonly List<ChatMessage> _messages = [];
    private readonly HashSet<string> _callIds = new(StringComparer.Ordinal);
    private readonly StringBuilder _text = new();
    private List<ToolCall> _calls = [];
    private string? _role;

    /// <summary>Calls in the messages.</summary>
    public int Calls => _callIds.Count;

    /// <summary>Bytes that stand between the texts of messages that became one.</summary>
    public long AddedBytes { get; private set; }

    /// <summary>Whether an earlier message has the call.</summary>
    public bool HasCall(string id) => _callIds.Contains(id);

    /// <summary>Adds a text of a role.</summary>
    public void AddText(string role, string text)
    {
        if (_role != role)
        {
            Close();
            _role = role;
        }
        else if (_text.Length > 0 && text.Length > 0)
        {
            _text.Append(Between);
            AddedBytes += Between.Length;
        }

        _text.Append(text);
    }

    /// <summary>Adds a call of the assistant, whose text was added before. False when another call has its id.</summary>
    public bool AddCall(ToolCall call)
    {
        _calls.Add(call);
        return _callIds.Add(call.Id);
    }

    /// <summary>Adds what a tool gave.</summary>
    public void AddResult(string callId, string text)
    {
        if (_role != "user")
        {
            Close();
        }

        _messages.Add(new ChatMessage("tool", text) { CallId = callId });
    }

    /// <summary>Takes all messages. One of the assistant at the end is no message: the answer continues it.</summary>
    /// <param name="system">The text that comes before all others; null for none.</param>
    /// <param name="last">The assistant's message at the end; null for none.</param>
    public List<ChatMessage> Take(string? system, out ChatMessage? last)
    {
        last = _role == "assistant" ? new ChatMessage(_role, _text.ToString()) { Calls = _calls } : null;
        if (last is null)
        {
            Close();
        }

        if (system is not null)
        {
            if (_messages is [{ Role: "system" } first, ..])
            {
                _messages[0] = first with { Content = system + Between + first.Content };
                AddedBytes += Between.Length;
            }
            else
            {
                _messages.Insert(0, new ChatMessage("system", system));
            }
        }

        return _messages;
    }

    private void Close()
    {
        if (_role is not null)
        {
            _messages.Add(new ChatMessage(_role, _text.ToString()) { Calls = _calls });
        }

        _text.Clear();
        (_role, _calls) = (null, []);
    }
}
