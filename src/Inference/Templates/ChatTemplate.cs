using System.Globalization;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Templates;

/// <summary>One message of a chat.</summary>
/// <param name="Name">Who speaks; null when the caller names nobody.</param>
public sealed record TemplateMessage(string Role, string Content, string? Name = null)
{
    /// <summary>Calls of functions that the assistant made in it.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>The call whose result the message holds; null for other messages.</summary>
    public string? CallId { get; init; }
}

/// <summary>A model's own template, which turns messages into the text it was trained on: the subset of Jinja that models use.</summary>
/// <remarks>Parsed once, thread-safe. A rendering has a <see cref="TemplateBudget"/> and reaches nothing but its input.</remarks>
public sealed class ChatTemplate
{
    /// <summary>Longest template, characters.</summary>
    public const int MostSource = 1 << 20;

    /// <summary>What a message counts for besides its texts, characters.</summary>
    private const int MessageCharacters = 256;

    /// <summary>Parameters of a function that has none: templates look into them.</summary>
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

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
    public string Render(IReadOnlyList<TemplateMessage> messages, bool addGenerationPrompt, string bos, string eos) =>
        string.Concat(RenderSegments(messages, addGenerationPrompt, bos, eos).Select(s => s.Text));

    /// <summary>Renders messages as runs of text, of which only the template's own may become control tokens.</summary>
    /// <param name="bos">Text of the token that begins a text; empty where the model has none.</param>
    /// <param name="eos">Text of the token that ends one.</param>
    /// <exception cref="TemplateException">The template fails, refuses these messages
    /// (<see cref="TemplateException.RaisedByTemplate"/>) or passes a limit.</exception>
    /// <exception cref="OperationCanceledException">The caller does not want the result any more.</exception>
    public IReadOnlyList<TextSegment> RenderSegments(
        IReadOnlyList<TemplateMessage> messages, bool addGenerationPrompt, string bos, string eos,
        CancellationToken cancellationToken = default) =>
        RenderSegments(messages, [], addGenerationPrompt, bos, eos, cancellationToken);

    /// <param name="tools">Functions that the model may call: the template's variable <c>tools</c>, undefined where there are none.</param>
    public IReadOnlyList<TextSegment> RenderSegments(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, bool addGenerationPrompt, string bos, string eos,
        CancellationToken cancellationToken = default)
    {
        return RenderValues(
            [.. messages.Select(ToValue)], addGenerationPrompt, bos, eos,
            globals =>
            {
                if (tools.Count > 0)
                {
                    globals["tools"] = tools.Select(ToValue).ToList<object?>();
                }
            },
            new TemplateBudget(messages.Sum(CharactersOf) + tools.Sum(CharactersOf), cancellationToken));
    }

    /// <summary>Renders messages given as JSON, with further variables such as <c>tools</c>.</summary>
    internal IReadOnlyList<TextSegment> RenderJson(
        JsonElement messages, bool addGenerationPrompt, string bos, string eos, JsonElement? extra = null) =>
        RenderValues(
            (List<object?>)TemplateValues.FromJson(messages)!, addGenerationPrompt, bos, eos,
            globals =>
            {
                if (extra is { } variables)
                {
                    foreach (var property in variables.EnumerateObject())
                    {
                        globals[property.Name] = TemplateValues.FromJson(property.Value);
                    }
                }
            },
            new TemplateBudget(messages.GetRawText().Length, CancellationToken.None));

    private IReadOnlyList<TextSegment> RenderValues(
        List<object?> messages, bool addGenerationPrompt, string bos, string eos, Action<Dictionary<string, object?>> addVariables,
        TemplateBudget budget)
    {
        var globals = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = messages,
            ["add_generation_prompt"] = addGenerationPrompt,
            ["bos_token"] = MarkedText.FromTemplate(bos),
            ["eos_token"] = MarkedText.FromTemplate(eos),
            ["raise_exception"] = (TemplateFunction)(
                a => throw new TemplateException(a.Text(0, "message", "The template refuses these messages."), raisedByTemplate: true)),
            ["strftime_now"] = (TemplateFunction)(a => FormatTime(_clock.GetUtcNow(), a.Text(0, "format"), budget)),
            ["range"] = (TemplateFunction)(a => Range(a, budget)),
            ["namespace"] = (TemplateFunction)(a => ToMap(a, isNamespace: true, budget)),
            ["dict"] = (TemplateFunction)(a => ToMap(a, isNamespace: false, budget)),
        };
        addVariables(globals);
        return new TemplateInterpreter(globals, budget).Render(_statements).Segments;
    }

    private static TemplateMap ToValue(TemplateMessage message)
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

        if (message.CallId is not null)
        {
            value["tool_call_id"] = MarkedText.FromCaller(message.CallId);
        }

        if (message.Calls.Count > 0)
        {
            value["tool_calls"] = message.Calls.Select(ToValue).ToList<object?>();
        }

        return value;
    }

    private static TemplateMap ToValue(ToolCall call) => new()
    {
        ["id"] = MarkedText.FromCaller(call.Id),
        ["type"] = MarkedText.FromCaller("function"),
        ["function"] = new TemplateMap
        {
            ["name"] = MarkedText.FromCaller(call.Name),
            ["arguments"] = ToArguments(call.Arguments),
        },
    };

    /// <summary>An object where the text is one, as templates expect it; else the text, which they write as it is.</summary>
    private static object? ToArguments(string text)
    {
        try
        {
            return JsonElement.Parse(text) is { ValueKind: JsonValueKind.Object } json ? TemplateValues.FromJson(json)
                : MarkedText.FromCaller(text);
        }
        catch (JsonException)
        {
            return MarkedText.FromCaller(text);
        }
    }

    private static TemplateMap ToValue(ToolDefinition tool)
    {
        var function = new TemplateMap { ["name"] = MarkedText.FromCaller(tool.Name) };
        if (tool.Description is not null)
        {
            function["description"] = MarkedText.FromCaller(tool.Description);
        }

        function["parameters"] = TemplateValues.FromJson(tool.Parameters ?? NoParameters);
        return new TemplateMap { ["type"] = MarkedText.FromCaller("function"), ["function"] = function };
    }

    private static long CharactersOf(TemplateMessage message) =>
        MessageCharacters + message.Role.Length + message.Content.Length + (message.Name?.Length ?? 0) + (message.CallId?.Length ?? 0)
        + message.Calls.Sum(call => MessageCharacters + call.Id.Length + call.Name.Length + (long)call.Arguments.Length);

    private static long CharactersOf(ToolDefinition tool) =>
        MessageCharacters + tool.Name.Length + (tool.Description?.Length ?? 0) + (tool.Parameters?.GetRawText().Length ?? 0);

    private static TemplateMap ToMap(CallArguments arguments, bool isNamespace, TemplateBudget budget)
    {
        var given = arguments.Get(0, "") as TemplateMap;
        var count = (given?.Count ?? 0) + arguments.Named.Count;
        budget.Charge(count);
        budget.Allocate(TemplateMap.BytesFor(count));
        var map = new TemplateMap { IsNamespace = isNamespace };
        foreach (var entry in given?.Entries ?? [])
        {
            budget.ChargeText(entry.Key.Length);
            map[entry.Key] = entry.Value;
        }

        foreach (var (name, value) in arguments.Named)
        {
            map[name] = value;
        }

        return map;
    }

    private static List<object?> Range(CallArguments arguments, TemplateBudget budget)
    {
        var one = arguments.Positional.Count == 1;
        var (start, stop, step) = (
            one ? 0 : arguments.Integer(0, "start", 0), arguments.Integer(one ? 0 : 1, "stop", 0), arguments.Integer(2, "step", 1));
        if (step == 0)
        {
            throw new TemplateException("The template counts in steps of 0.");
        }

        // In 128 bits: neither the distance nor the last step leaves them.
        Int128 distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        var count = distance <= 0 ? 0 : (distance + Int128.Abs(step) - 1) / Int128.Abs(step);
        var items = (long)Int128.Min(count, int.MaxValue);
        budget.AllocateList(items);
        budget.Allocate(24 * items);
        var numbers = new List<object?>((int)items);
        for (var i = 0L; i < items; i++)
        {
            numbers.Add(start + (i * step));
        }

        return numbers;
    }

    private static MarkedText FormatTime(DateTimeOffset now, string format, TemplateBudget budget)
    {
        budget.Charge(format.Length); // a letter becomes a word of up to 9
        budget.Allocate(18L * format.Length);
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

        return budget.Made(MarkedText.FromTemplate(text.ToString()));
    }
}
