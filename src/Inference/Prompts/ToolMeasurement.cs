using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Prompts;

/// <summary>
/// Finds out how many tokens a chat template adds at most for functions, calls and results, by rendering chats with them. Weights as in
/// <see cref="ChatMeasurement"/>.
/// </summary>
internal sealed class ToolMeasurement
{
    private const int MostTokensPerByte = 64;
    private static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(10);
    private static readonly int[] Counts = [1, 2, 3, 5, 9, 17];

    private readonly ChatPrompt _prompt;
    private readonly ChatMeasure _chat;
    private readonly TimeProvider _clock;
    private readonly long _started;
    private readonly List<Probe> _probes = [];
    private double _perByte;

    private ToolMeasurement(ChatPrompt prompt, ChatMeasure chat, TimeProvider clock)
    {
        (_prompt, _chat, _clock, _started) = (prompt, chat, clock, clock.GetTimestamp());
        _perByte = Math.Max(chat.TokensPerByte, prompt.Tokenizer.MostTokensPerByte);
    }

    /// <summary>Null for a template that has no bound, or takes too long: only the context then bounds such a chat.</summary>
    /// <param name="chat">What the template adds to chats without functions.</param>
    public static ToolMeasure? Measure(ChatPrompt prompt, ChatMeasure chat, TimeProvider clock)
    {
        var measurement = new ToolMeasurement(prompt, chat, clock);
        try
        {
            return measurement.MeasureBytes() ? measurement.Fit() : null;
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    /// <summary>False where some text has no bound for each byte.</summary>
    private bool MeasureBytes()
    {
        foreach (var make in ToolProbes.Growing)
        {
            if (Weigh(make(4)) is not { } first || Weigh(make(16)) is not { } second || Weigh(make(64)) is not { } third)
            {
                continue;
            }

            var (early, late) = (Slope(first, second), Slope(second, third));
            _perByte = Math.Max(_perByte, Math.Max(early, late));
            if (late > (1.25 * early) + 0.25 || _perByte > MostTokensPerByte)
            {
                return false;
            }
        }

        return true;
    }

    private ToolMeasure? Fit()
    {
        var perByte = (int)Math.Ceiling(_perByte - 1e-9);
        string?[] parameters = [null, "{}", """{"type":"object","properties":{"a":{"type":"string"}}}"""];
        var perTool = parameters.SelectMany(schema => (string?[])[null, "d"], (schema, text) => (schema, text))
            .Max(kind => Step(count => ToolProbes.Tools(count, kind.text, kind.schema), perByte, size => size.Tools));
        string[] arguments = ["{}", "{\"a\":1}", "x", ""];
        var perCall = arguments.Max(text => Step(count => ToolProbes.Calls(count, text, results: false), perByte, size => size.Calls));
        perCall = Math.Max(perCall, Step(ToolProbes.CallsTogether, perByte, size => size.Calls));
        var perResult = Step(count => ToolProbes.Calls(count, "{}", results: true), perByte, size => size.Calls);
        foreach (var (messages, tools) in ToolProbes.Variants(_prompt.Literals))
        {
            Weigh((messages, tools));
        }

        if (_probes.Count == 0)
        {
            return null; // Every chat with functions is refused.
        }

        var most = new ToolMeasure(0, Wider(perTool), perByte, Wider(perCall), Wider(perResult));
        var rest = _probes.Max(probe => probe.Weight - (_chat with { Tools = most }).MostTokens(probe.Size));
        return most with { Tokens = (int)(Math.Max(rest, 0) + 16) };
    }

    private static int Wider(int tokens) => tokens + 2 + (tokens / 8);

    /// <summary>The dearest step from a number of things to the next, beyond what bytes and messages account for.</summary>
    private int Step(Func<int, (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>)> make, int perByte, Func<WrittenSize, int> count)
    {
        var bytesOnly = _chat with { Tools = new ToolMeasure(0, 0, perByte, 0, 0) };
        Probe[] probes = [.. Counts.Select(number => Weigh(make(number))).OfType<Probe>()];
        var dearest = 0;
        for (var i = 1; i < probes.Length; i++)
        {
            var more = Beyond(probes[i]) - Beyond(probes[i - 1]);
            dearest = Math.Max(dearest, (int)Math.Ceiling((double)more / (count(probes[i].Size) - count(probes[i - 1].Size))));
        }

        return dearest;

        long Beyond(Probe probe) => probe.Weight - bytesOnly.MostTokens(probe.Size);
    }

    /// <summary>Null when the template refuses the chat: it is then refused at a request too.</summary>
    private Probe? Weigh((IReadOnlyList<ChatMessage> Messages, IReadOnlyList<ToolDefinition> Tools) chat)
    {
        if (_clock.GetElapsedTime(_started) > LongestTime)
        {
            throw new TemplateException("The chat template takes too long to render.");
        }

        try
        {
            var messages = chat.Messages.Select(message => new TemplateMessage(message.Role, message.Content, message.Name)
            {
                Calls = message.Calls,
                CallId = message.CallId,
            });
            var weight = 0L;
            foreach (var id in _prompt.Encode([.. messages], chat.Tools))
            {
                weight += _prompt.Tokenizer.IsSpecial(id) ? 1 : Math.Max(1, _prompt.Tokenizer.TokenBytes(id).Length);
            }

            var probe = new Probe(WrittenSize.Of(chat.Messages, chat.Tools, ToolProbes.TextBytes(chat.Messages)), weight);
            _probes.Add(probe);
            return probe;
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            return null;
        }
    }

    private static double Slope(Probe from, Probe to) => (double)(to.Weight - from.Weight) / Math.Max(1, to.Size.Bytes - from.Size.Bytes);

    /// <param name="Weight">Most tokens that the rendering can be.</param>
    private readonly record struct Probe(WrittenSize Size, long Weight);
}
