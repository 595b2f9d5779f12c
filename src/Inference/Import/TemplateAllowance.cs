using Tollgate.Inference.Models;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Import;

/// <summary>How many tokens a chat template adds at most to the bytes of the messages: what a hold for money is computed from.</summary>
/// <param name="Fixed">For a chat, however short.</param>
/// <param name="PerMessage">For each message.</param>
internal readonly record struct TemplateAllowance(int Fixed, int PerMessage)
{
    private const int MostMessages = 8;

    /// <summary>Renders chats of different lengths and roles with empty messages and counts.</summary>
    /// <exception cref="ModelImportException">The template cannot be used.</exception>
    /// <remarks>
    /// A token of a joined run of text never costs more than its bytes, and the template's part is counted alone; so the sum is an upper
    /// bound for any template that writes the same text around every message of a role.
    /// </remarks>
    public static TemplateAllowance Measure(string source, ITokenizer tokenizer, ModelTokenizer marks, TimeProvider clock)
    {
        try
        {
            var template = ChatTemplate.Parse(source, clock);
            var counts = new List<int[]>();
            foreach (var system in (ReadOnlySpan<bool>)[false, true])
            {
                if (Count(template, tokenizer, marks, system) is { } found)
                {
                    counts.Add(found);
                }
            }

            if (counts.Count == 0)
            {
                throw new ModelImportException("The chat template refuses a chat of one user's message.");
            }

            // The dearest step from one message to the next, then what is left over for the start.
            var perMessage = counts.Max(c => Enumerable.Range(1, c.Length - 1).Select(i => c[i] - c[i - 1]).Append(0).Max());
            var rest = counts.Max(c => c.Select((count, i) => count - ((i + 1) * perMessage)).Max());
            return new TemplateAllowance(Math.Max(rest, 0), perMessage);
        }
        catch (TemplateException exception)
        {
            throw new ModelImportException($"The chat template cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Tokens of chats of 1, 2, … messages; null when the template refuses the shortest.</summary>
    private static int[]? Count(ChatTemplate template, ITokenizer tokenizer, ModelTokenizer marks, bool system)
    {
        var counts = new List<int>();
        var messages = new List<ChatMessage>();
        if (system)
        {
            messages.Add(new ChatMessage("system", ""));
        }

        for (var i = messages.Count; i < MostMessages; i++)
        {
            messages.Add(new ChatMessage(i % 2 == (system ? 1 : 0) ? "user" : "assistant", ""));
            try
            {
                var ids = new List<int>();
                tokenizer.Encode(template.RenderSegments(messages, addGenerationPrompt: true, marks.BosText, marks.EosText), ids);
                counts.Add(ids.Count);
            }
            catch (TemplateException exception) when (exception.RaisedByTemplate)
            {
                break;
            }
        }

        return counts.Count == 0 ? null : [.. counts];
    }
}
