using System.Globalization;
using System.Text.Json;

namespace Tollgate.Inference.Templates;

/// <summary>One message of a chat.</summary>
/// <param name="Name">Who speaks, where the caller says so.</param>
public sealed record ChatMessage(string Role, string Content, string? Name = null);

/// <summary>A model's own template, which turns messages into the text it was trained on: the subset of Jinja that models use.</summary>
/// <remarks>Parsed once, thread-safe. A rendering has limits of steps, depth and output, and reaches nothing but its input.</remarks>
public sealed class ChatTemplate
{
    /// <summary>Longest template, characters.</summary>
    public const int MostSource = 1 << 20;

    private readonly IReadOnlyList<Statement> _statements;
    private readonly TimeProvider _clock;

    private ChatTemplate(IReadOnlyList<Statement> statements, TimeProvider clock)
    {
        _statements = statements;
        _clock = clock;
    }

    /// <param name="clock">What <c>strftime_now</c> reads.</param>
    /// <exception cref="TemplateException">The template is malformed or uses what is not supported.</exception>
    public static ChatTemplate Parse(string source, TimeProvider clock) => source.Length <= MostSource
        ? new ChatTemplate(TemplateParser.Parse(source.ReplaceLineEndings("\n")), clock)
        : throw new TemplateException($"The template is longer than {MostSource} characters.");

    /// <summary>Renders messages as text, for a person.</summary>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, string bos, string eos) =>
        string.Concat(RenderSegments(messages, addGenerationPrompt, bos, eos).Select(s => s.Text));

    /// <summary>Renders messages as runs of text, of which only the template's own may become control tokens.</summary>
    /// <param name="bos">Text of the token that begins a text; empty where the model has none.</param>
    /// <param name="eos">Text of the token that ends one.</param>
    /// <exception cref="TemplateException">The template fails, refuses these messages
    /// (<see cref="TemplateException.RaisedByTemplate"/>) or passes a limit.</exception>
    public IReadOnlyList<TextSegment> RenderSegments(
        IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, string bos, string eos) =>
        RenderValues([.. messages.Select(ToValue)], addGenerationPrompt, bos, eos, extra: null);

    /// <summary>Renders messages given as JSON, with further variables such as <c>tools</c>.</summary>
    internal IReadOnlyList<TextSegment> RenderJson(
        JsonElement messages, bool addGenerationPrompt, string bos, string eos, JsonElement? extra = null) =>
        RenderValues(TemplateValues.Items(TemplateValues.FromJson(messages)), addGenerationPrompt, bos, eos, extra);

    private IReadOnlyList<TextSegment> RenderValues(
        List<object?> messages, bool addGenerationPrompt, string bos, string eos, JsonElement? extra)
    {
        var globals = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = messages,
            ["add_generation_prompt"] = addGenerationPrompt,
            ["bos_token"] = MarkedText.FromTemplate(bos),
            ["eos_token"] = MarkedText.FromTemplate(eos),
            ["raise_exception"] = (TemplateFunction)(
                a => throw new TemplateException(a.Text(0, "message", "The template refuses these messages."), raisedByTemplate: true)),
            ["strftime_now"] = (TemplateFunction)(a => MarkedText.FromTemplate(FormatTime(_clock.GetUtcNow(), a.Text(0, "format")))),
        };
        if (extra is { } variables)
        {
            foreach (var property in variables.EnumerateObject())
            {
                globals[property.Name] = TemplateValues.FromJson(property.Value);
            }
        }

        var interpreter = new TemplateInterpreter(globals);
        globals["range"] = (TemplateFunction)(a => Range(a, interpreter));
        globals["namespace"] = (TemplateFunction)(a => ToMap(a, isNamespace: true));
        globals["dict"] = (TemplateFunction)(a => ToMap(a, isNamespace: false));
        return interpreter.Render(_statements).Segments;
    }

    private static TemplateMap ToValue(ChatMessage message)
    {
        var value = new TemplateMap
        {
            ["role"] = MarkedText.FromCaller(message.Role),
            ["content"] = MarkedText.FromCaller(message.Content),
        };
        if (message.Name is not null)
        {
            value["name"] = MarkedText.FromCaller(message.Name);
        }

        return value;
    }

    private static TemplateMap ToMap(CallArguments arguments, bool isNamespace)
    {
        var map = new TemplateMap { IsNamespace = isNamespace };
        foreach (var entry in (arguments.Get(0, "") as TemplateMap)?.Entries ?? [])
        {
            map[entry.Key] = entry.Value;
        }

        foreach (var (name, value) in arguments.Named)
        {
            map[name] = value;
        }

        return map;
    }

    private static List<object?> Range(CallArguments arguments, TemplateInterpreter interpreter)
    {
        var one = arguments.Positional.Count == 1;
        var (start, stop, step) = (
            one ? 0 : arguments.Integer(0, "start", 0), arguments.Integer(one ? 0 : 1, "stop", 0), arguments.Integer(2, "step", 1));
        if (step == 0)
        {
            throw new TemplateException("The template counts in steps of 0.");
        }

        var numbers = new List<object?>();
        for (var i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            interpreter.Charge(1);
            numbers.Add(i);
        }

        return numbers;
    }

    private static string FormatTime(DateTimeOffset now, string format)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            text.Append(format[++i] switch
            {
                'd' => now.ToString("dd", CultureInfo.InvariantCulture),
                'm' => now.ToString("MM", CultureInfo.InvariantCulture),
                'Y' => now.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => now.ToString("yy", CultureInfo.InvariantCulture),
                'b' => now.ToString("MMM", CultureInfo.InvariantCulture),
                'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
                'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
                'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
                'H' => now.ToString("HH", CultureInfo.InvariantCulture),
                'I' => now.ToString("hh", CultureInfo.InvariantCulture),
                'M' => now.ToString("mm", CultureInfo.InvariantCulture),
                'S' => now.ToString("ss", CultureInfo.InvariantCulture),
                'p' => now.ToString("tt", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                '%' => "%",
                var other => $"%{other}",
            });
        }

        return text.ToString();
    }
}
