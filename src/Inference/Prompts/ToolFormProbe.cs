using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Prompts;

/// <summary>Finds out by rendering conversations what of functions a template writes, and how.</summary>
/// <param name="render">Renders a conversation; null where the template fails or refuses it.</param>
internal sealed class ToolFormProbe(Func<IReadOnlyList<TemplateMessage>, IReadOnlyList<ToolDefinition>, string?> render)
{
    // Words that no template has.
    private const string Shown = "quokka_shown";
    private const string First = "bilby_first";
    private const string Second = "dingo_second";
    private const string Inside = "numbat_inside";
    private const string Result = "echidna_result";
    private const string LongId = "call_0123456789abcdefghijklmn";
    private const string NineLetters = "abc123XYZ";

    private static readonly TemplateMessage User = new("user", "x");

    public ToolForm Find()
    {
        var readsSystem = render([new("system", Shown), User], [])?.Contains(Shown, StringComparison.Ordinal) == true;
        var plain = new ToolForm(
            CallSyntax.Generic, WritesTools: false, WritesCalls: false, WritesSeveral: false, HasShortIds: false, NeedsDescription: false,
            readsSystem);
        foreach (var description in (string?[])[null, ""])
        {
            var tool = MakeTool(description);
            if (render([User], [tool]) is not { } start || !start.Contains(Shown, StringComparison.Ordinal))
            {
                continue;
            }

            return WithCalls(plain with { WritesTools = true, NeedsDescription = description is not null }, tool, start) ?? plain;
        }

        return plain;
    }

    /// <summary>Null where the template writes calls in a way that is not known: the model is then asked for plain JSON.</summary>
    private ToolForm? WithCalls(ToolForm form, ToolDefinition tool, string start)
    {
        foreach (var hasShortIds in (bool[])[false, true])
        {
            var ids = hasShortIds ? NineLetters : LongId;
            if (render(Conversation(ids, First), [tool]) is not { } text || !Shows(text, First))
            {
                continue;
            }

            var both = render(Conversation(ids, First, Second), [tool]) is { } more && Shows(more, Second) ? more : null;
            var written = both ?? text;
            var syntax = SyntaxFinder.Find(
                written[start.AsSpan().CommonPrefixLength(written)..], First, both is null ? null : Second, Inside);
            return syntax is null ? null : form with
            {
                Syntax = syntax, WritesCalls = true, WritesSeveral = both is not null, HasShortIds = hasShortIds,
            };
        }

        // The template shows functions but writes no calls: its text says which mark it asks for.
        return form with
        {
            Syntax = start.Contains(CallSyntax.Hermes.Open, StringComparison.Ordinal) ? CallSyntax.Hermes : CallSyntax.Generic,
        };
    }

    private static bool Shows(string text, string call) =>
        text.Contains(call, StringComparison.Ordinal) && text.Contains(Inside, StringComparison.Ordinal)
        && text.Contains(Result, StringComparison.Ordinal);

    private static List<TemplateMessage> Conversation(string id, params string[] names)
    {
        ToolCall[] calls = [.. names.Select((name, at) => new ToolCall(id[..^1] + at, name, $$"""{"{{Inside}}": 1}"""))];
        return
        [
            User, new TemplateMessage("assistant", "") { Calls = calls },
            .. calls.Select(call => new TemplateMessage("tool", Result, call.Name) { CallId = call.Id }),
        ];
    }

    private static ToolDefinition MakeTool(string? description) => new(
        Shown, description, JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"string"}}}"""), Strict: false);
}
