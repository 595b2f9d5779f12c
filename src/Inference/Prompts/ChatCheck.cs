using Tollgate.Inference.Models;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Prompts;

/// <summary>Whether each message of an ordinary chat reaches the model.</summary>
internal static class ChatCheck
{
    private const int LongestChat = 4;

    /// <summary>
    /// Tries all chats of up to four messages that end with the user's. Another content of a message must give another prompt; a template
    /// that has no place for a message must raise an exception instead.
    /// </summary>
    /// <exception cref="ModelImportException">The template drops a message, or fails.</exception>
    public static void Run(ChatPrompt prompt)
    {
        foreach (var roles in Chats())
        {
            var messages = ChatProbes.Make(roles, roles.Length, "x");
            for (var at = 0; at < messages.Count; at++)
            {
                if (Encode(prompt, messages, at, "kestrel") is { } one && Encode(prompt, messages, at, "marmot") is { } other
                    && one.SequenceEqual(other))
                {
                    throw new ModelImportException(
                        $"The chat template drops message {at + 1} of a chat of {string.Join(", ", messages.Select(m => m.Role))}: "
                        + "the model would never see it.");
                }
            }
        }
    }

    private static IEnumerable<string> Chats()
    {
        List<string> heads = [""];
        for (var length = 1; length <= LongestChat; length++)
        {
            foreach (var head in heads)
            {
                yield return head + "u";
            }

            heads = [.. heads.SelectMany(head => "suad".Select(role => head + role))];
        }
    }

    private static List<int>? Encode(ChatPrompt prompt, List<TemplateMessage> messages, int at, string content)
    {
        List<TemplateMessage> varied = [.. messages];
        varied[at] = varied[at] with { Content = content };
        try
        {
            return prompt.Encode(varied);
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            return null;
        }
        catch (TemplateException exception)
        {
            throw new ModelImportException(
                $"The chat template fails for a chat of {string.Join(", ", varied.Select(m => m.Role))}: {exception.Message}", exception);
        }
    }
}
