using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Prompts;

/// <summary>
/// How functions, calls and results reach a model. A template that writes them does so in the model's own form. What it does not write is
/// put into messages that it does write: functions into the system message, a call into the assistant's text, a result into a
/// user's message.
/// </summary>
/// <param name="Syntax">How the model writes calls.</param>
/// <param name="WritesTools">Whether the template writes functions.</param>
/// <param name="WritesCalls">Whether the template writes calls and their results.</param>
/// <param name="WritesSeveral">Whether it writes several calls in one message; else each gets a message of its own.</param>
/// <param name="HasShortIds">Whether it wants ids of calls of nine letters and digits.</param>
/// <param name="NeedsDescription">Whether it fails for a function without a description.</param>
/// <param name="ReadsSystem">Whether it writes a system message.</param>
internal sealed record ToolForm(
    CallSyntax Syntax, bool WritesTools, bool WritesCalls, bool WritesSeveral, bool HasShortIds, bool NeedsDescription, bool ReadsSystem)
{
    private const int ShortId = 9;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>The conversation and the functions as the template can write them.</summary>
    public (IReadOnlyList<TemplateMessage> Messages, IReadOnlyList<ToolDefinition> Tools) Adapt(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        if (messages.Any(message => message.Role == "tool" || message.Calls.Count > 0))
        {
            var named = NameResults(messages);
            messages = !WritesCalls ? WriteOut(named) : WritesSeveral ? named : PartCalls(named);
        }

        if (tools.Count == 0)
        {
            return (messages, tools);
        }

        return WritesTools
            ? (messages, NeedsDescription ? [.. tools.Select(tool => tool with { Description = tool.Description ?? "" })] : tools)
            : (AddTools(messages, tools), []);
    }

    /// <summary>Gives each result the name of its function and each call an id that the template takes.</summary>
    private List<TemplateMessage> NameResults(IReadOnlyList<TemplateMessage> messages)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var named = new List<TemplateMessage>(messages.Count);
        string? last = null;
        foreach (var message in messages)
        {
            foreach (var call in message.Calls)
            {
                names[call.Id] = call.Name;
                last = call.Id;
            }

            var id = message.CallId ?? (message.Role == "tool" ? last : null);
            named.Add(message with
            {
                Name = message.Name ?? (id is not null && names.TryGetValue(id, out var name) ? name : null),
                CallId = id is null ? null : ToId(id),
                Calls = message.Calls.Count == 0 ? message.Calls : [.. message.Calls.Select(call => call with { Id = ToId(call.Id) })],
            });
        }

        return named;
    }

    private string ToId(string id)
    {
        if (!HasShortIds || (id.Length == ShortId && id.All(char.IsAsciiLetterOrDigit)))
        {
            return id;
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(id));
        return string.Concat(hash.Take(ShortId).Select(value => Letters[value % Letters.Length]));
    }

    /// <summary>One message for each call, with the call's result behind it.</summary>
    private static List<TemplateMessage> PartCalls(List<TemplateMessage> messages)
    {
        var parted = new List<TemplateMessage>(messages.Count);
        for (var at = 0; at < messages.Count; at++)
        {
            var message = messages[at];
            if (message.Calls.Count < 2)
            {
                parted.Add(message);
                continue;
            }

            var results = messages.Skip(at + 1).TakeWhile(next => next.Role == "tool").ToList();
            for (var call = 0; call < message.Calls.Count; call++)
            {
                var isLast = call == message.Calls.Count - 1;
                parted.Add(message with { Content = call == 0 ? message.Content : "", Calls = [message.Calls[call]] });
                parted.AddRange(results.Where(
                    result => result.CallId == message.Calls[call].Id
                        || (isLast && message.Calls.All(other => other.Id != result.CallId))));
            }

            at += results.Count;
        }

        return parted;
    }

    /// <summary>Calls as text of the assistant, results that follow each other and what the user says then as one message of the user: some
    /// templates want two roles in turn.</summary>
    private List<TemplateMessage> WriteOut(List<TemplateMessage> messages)
    {
        var written = new List<TemplateMessage>(messages.Count);
        var isResult = false;
        foreach (var message in messages)
        {
            if (message.Role == "tool")
            {
                var text = $"Result of {message.Name ?? "the function"}:\n{message.Content}";
                if (isResult)
                {
                    written[^1] = written[^1] with { Content = $"{written[^1].Content}\n\n{text}" };
                }
                else
                {
                    written.Add(new TemplateMessage("user", text));
                }

                isResult = true;
                continue;
            }

            if (message.Role == "user" && isResult)
            {
                written[^1] = written[^1] with { Content = $"{written[^1].Content}\n\n{message.Content}" };
                isResult = false;
                continue;
            }

            isResult = false;
            var calls = message.Calls.Count == 0 ? "" : Syntax.Write(message.Calls);
            written.Add(message with
            {
                Content = calls.Length > 0 && message.Content.Length > 0 ? $"{message.Content}\n{calls}" : message.Content + calls,
                Calls = [],
            });
        }

        return written;
    }

    private List<TemplateMessage> AddTools(IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        var text = new StringBuilder(
            "You can call functions. To call one, answer with nothing but a JSON object: "
            + "{\"name\": <name of the function>, \"arguments\": <object>}. Write one object a line to call several. "
            + "If no function is needed, answer in plain text.\n\nFunctions:");
        foreach (var tool in tools)
        {
            text.Append('\n').Append(ToJson(tool));
        }

        List<TemplateMessage> all = [.. messages];
        var first = all.Count > 0 ? all[0] : null;
        if (first is { Role: "system" or "developer" } || (!ReadsSystem && first is not null))
        {
            all[0] = first with { Content = first.Content.Length == 0 ? text.ToString() : Joined(first, text.ToString()) };
            return all;
        }

        all.Insert(0, new TemplateMessage("system", text.ToString()));
        return all;
    }

    private static string Joined(TemplateMessage first, string tools) =>
        first.Role is "system" or "developer" ? $"{first.Content}\n\n{tools}" : $"{tools}\n\n{first.Content}";

    private static string ToJson(ToolDefinition tool)
    {
        var text = new StringBuilder("{\"name\": \"").Append(tool.Name).Append('"');
        if (tool.Description is { } description)
        {
            text.Append(", \"description\": ").Append(TemplateWriter.ToJson(
                MarkedText.FromCaller(description), indent: null, new TemplateBudget(description.Length, CancellationToken.None)));
        }

        return text.Append(", \"parameters\": ").Append(tool.Parameters?.GetRawText() ?? "{}").Append('}').ToString();
    }
}
