using System.Text;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Prompts;

/// <summary>
/// Finds out how many tokens a chat template adds at most, by rendering chats. A rendering weighs one for each control token and one for
/// each byte of everything else: whatever a tokenizer makes of that text, and however it merges it with the text of a message, it is never
/// more tokens. Weights are linear in the bytes of the messages and in their number, or the template is refused.
/// </summary>
internal sealed class ChatMeasurement
{
    /// <summary>Longest that a template may take for all probes together.</summary>
    private static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(30);

    /// <summary>Most tokens for a byte that a template may make.</summary>
    private const int MostTokensPerByte = 64;

    /// <summary>Longest chat in which every text is tried.</summary>
    private const int LongestVaried = 3;

    private const string Plain = "x";
    private static readonly int[] Lengths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 32, 33, 64, 65];

    private readonly ChatPrompt _prompt;
    private readonly TimeProvider _clock;
    private readonly long _started;
    private readonly List<Probe> _probes = [];
    private double _tokensPerByte;

    private ChatMeasurement(ChatPrompt prompt, TimeProvider clock)
    {
        (_prompt, _clock, _started) = (prompt, clock, clock.GetTimestamp());
        _tokensPerByte = prompt.Tokenizer.MostTokensPerByte;
    }

    /// <exception cref="ModelImportException">No bound holds for the template, or it fails.</exception>
    public static ChatMeasure Measure(ChatPrompt prompt, TimeProvider clock)
    {
        var measurement = new ChatMeasurement(prompt, clock);
        measurement.MeasureBytes();
        var perByte = (int)Math.Ceiling(measurement._tokensPerByte);
        var perMessage = measurement.MeasureMessages(perByte) + measurement.MeasureVariants(perByte);
        if (measurement._probes.Count == 0)
        {
            throw new ModelImportException("The chat template refuses every chat that was tried, one message of a user too.");
        }

        // What is left over for the start. The margins are for what no probe shows: longer dates, message numbers with more digits.
        var rest = Math.Max(measurement._probes.Max(probe => probe.Rest(perByte) - ((long)perMessage * probe.Messages)), 0);
        var measure = new ChatMeasure((int)(rest + 16 + (rest / 8)), perMessage + 2 + (perMessage / 8), perByte);
        return measure with { Tools = ToolMeasurement.Measure(prompt, measure, clock) };
    }

    private void MeasureBytes()
    {
        foreach (var chat in ChatProbes.Chats.Append("uauauauauauauaua"))
        {
            for (var at = 0; at < chat.Length; at++)
            {
                // Every text where a role speaks alone or in the ordinary chat; elsewhere two show what repeats and what escapes.
                var texts = ChatProbes.Repeated.Take(chat.Length <= LongestVaried ? ChatProbes.Repeated.Count : 2);
                foreach (var text in texts)
                {
                    MeasureGrowth(
                        $"the content of a message of role {Name(chat[at])}", count => With(chat, chat.Length, at, Repeat(text, count)));
                }

                MeasureGrowth("a name", count =>
                {
                    var messages = ChatProbes.Make(chat, chat.Length, Plain);
                    messages[at] = messages[at] with { Name = Repeat("n", count) };
                    return messages;
                });
            }
        }

        // A message that is repeated for each further message has no bound for each byte.
        foreach (var pattern in ChatProbes.Patterns)
        {
            for (var at = 0; at < 3; at++)
            {
                if (Growth(pattern, 16, at) is { } shorter && Growth(pattern, 64, at) is { } longer && longer > shorter + 0.5)
                {
                    throw Unbounded("repeats a message for each further one");
                }
            }
        }

        double? Growth(string pattern, int length, int at) =>
            Weigh(With(pattern, length + 1, at, "aaaa")) is { } few && Weigh(With(pattern, length + 1, at, "aaaaaaaaaaaa")) is { } many
                ? Slope(few, many) : null;
    }

    private void MeasureGrowth(string what, Func<int, List<TemplateMessage>> make)
    {
        if (Weigh(make(4)) is not { } first || Weigh(make(16)) is not { } second || Weigh(make(64)) is not { } third)
        {
            return;
        }

        var (early, late) = (Slope(first, second), Slope(second, third));
        if (late > (1.5 * early) + 0.5)
        {
            throw Unbounded($"writes more than in proportion to {what}");
        }

        _tokensPerByte = Math.Max(_tokensPerByte, Math.Max(early, late));
        if (_tokensPerByte > MostTokensPerByte)
        {
            throw Unbounded($"writes more than {MostTokensPerByte} bytes for each byte of {what}");
        }
    }

    /// <summary>The dearest step from one message to the next.</summary>
    private int MeasureMessages(int perByte)
    {
        var dearest = 0;
        var numbers = _prompt.Literals.Numbers.Where(number => number is > 1 and < 200).SelectMany(number => (int[])[number, number + 1]);
        int[] lengths = [.. Lengths.Concat(numbers).Distinct().Order()];
        foreach (var pattern in ChatProbes.Patterns)
        {
            Probe[] chats = [.. lengths.Select(length => Weigh(ChatProbes.Make(pattern, length, Plain))).OfType<Probe>()];
            for (var i = 1; i < chats.Length; i++)
            {
                dearest = Math.Max(dearest, Step(chats[i - 1], chats[i]));
            }

            var (middle, end) = (Mean(chats, 16, 33), Mean(chats, 33, 65));
            if (end > (1.5 * middle) + 2)
            {
                throw Unbounded("writes more than in proportion to the number of messages");
            }
        }

        return dearest;

        int Step(Probe from, Probe to) =>
            (int)Math.Ceiling((double)(to.Rest(perByte) - from.Rest(perByte)) / (to.Messages - from.Messages));

        double Mean(Probe[] chats, int from, int to)
        {
            var between = chats.Where(chat => chat.Messages >= from && chat.Messages <= to).ToArray();
            return between.Length < 2 ? 0
                : (double)(between[^1].Rest(perByte) - between[0].Rest(perByte)) / (between[^1].Messages - between[0].Messages);
        }
    }

    /// <summary>How much more a message costs when the template treats its text specially, or when it has a name.</summary>
    private int MeasureVariants(int perByte)
    {
        var contents = ChatProbes.Contents(_prompt.Literals);
        var (byContent, byName) = (0L, 0L);
        foreach (var chat in ChatProbes.Chats)
        {
            var plain = ChatProbes.Make(chat, chat.Length, Plain);
            var rest = Weigh(plain)?.Rest(perByte);
            for (var at = 0; at < chat.Length; at++)
            {
                foreach (var content in contents)
                {
                    byContent = Math.Max(byContent, More(at, plain[at] with { Content = content }));
                }

                byName = Math.Max(byName, More(at, plain[at] with { Name = "n" }));
            }

            foreach (var content in contents)
            {
                Weigh(ChatProbes.Make(chat, chat.Length, content));
            }

            long More(int at, TemplateMessage message)
            {
                List<TemplateMessage> varied = [.. plain];
                varied[at] = message;
                return Weigh(varied) is { } probe && rest is not null ? probe.Rest(perByte) - rest.Value : 0;
            }
        }

        return (int)(byContent + byName);
    }

    /// <summary>Null when the template refuses the chat: it is then refused at a request too.</summary>
    private Probe? Weigh(List<TemplateMessage> messages)
    {
        if (_clock.GetElapsedTime(_started) > LongestTime)
        {
            throw new ModelImportException("The chat template takes too long to render.");
        }

        try
        {
            var weight = 0L;
            foreach (var id in _prompt.Encode(messages))
            {
                weight += _prompt.Tokenizer.IsSpecial(id) ? 1 : Math.Max(1, _prompt.Tokenizer.TokenBytes(id).Length);
            }

            var bytes = messages.Sum(m => Encoding.UTF8.GetByteCount(m.Content) + Encoding.UTF8.GetByteCount(m.Name ?? ""));
            var probe = new Probe(messages.Count, bytes, weight);
            _probes.Add(probe);
            return probe;
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            return null;
        }
        catch (TemplateException exception)
        {
            var roles = string.Join(", ", messages.Take(4).Select(m => m.Role));
            throw new ModelImportException(
                $"The chat template fails for a chat of {messages.Count} messages ({roles}): {exception.Message}", exception);
        }
    }

    private static List<TemplateMessage> With(string pattern, int length, int at, string content)
    {
        var messages = ChatProbes.Make(pattern, length, Plain);
        messages[at] = messages[at] with { Content = content };
        return messages;
    }

    private static double Slope(Probe from, Probe to) => (double)(to.Weight - from.Weight) / (to.Bytes - from.Bytes);

    private static ModelImportException Unbounded(string how) =>
        new($"The chat template {how}: no reservation of money can cover it.");

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static string Name(char role) => ChatProbes.Make($"{role}", 1, "")[0].Role;

    /// <param name="Bytes">Of contents and names.</param>
    /// <param name="Weight">Most tokens that the rendering can be.</param>
    private readonly record struct Probe(int Messages, long Bytes, long Weight)
    {
        /// <summary>What is not accounted for by bytes.</summary>
        public long Rest(int perByte) => Weight - (perByte * Bytes);
    }
}
