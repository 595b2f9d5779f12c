using System.Globalization;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Member <c>chunking_strategy</c>: a recording is cut where nobody speaks. OpenAI's clients send it as
/// <c>chunking_strategy[type]</c> and so on, others as JSON.</summary>
/// <param name="Required">Whether a model without a voice activity detector refuses it: <c>server_vad</c>, but not <c>auto</c>.</param>
/// <param name="Threshold">Probability from which on a moment is speech, 0 to 1.</param>
/// <param name="PrefixPaddingMs">What is kept before and after speech.</param>
/// <param name="SilenceDurationMs">Silence that ends speech.</param>
public sealed record VoiceChunking(
    bool Required = false, double Threshold = 0.5, int PrefixPaddingMs = 300, int SilenceDurationMs = 200)
{
    internal const string Name = "chunking_strategy";
    internal const string Type = $"{Name}[type]";
    internal const string ThresholdName = $"{Name}[threshold]";
    internal const string PrefixPadding = $"{Name}[prefix_padding_ms]";
    internal const string SilenceDuration = $"{Name}[silence_duration_ms]";

    private static readonly JsonDocumentOptions Once = new() { AllowDuplicateProperties = false };

    private const int LongestMs = 10_000;
    private const string Expected = "'auto', or an object with type 'server_vad'";

    /// <summary>Reads the member, or a part of it, into what was read before. Null where the reader has the error.</summary>
    internal VoiceChunking? Read(FormReader reader, string name)
    {
        switch (name)
        {
            case Type:
                return reader.Is("server_vad") || (reader.ReadText(out _) && reader.FailValue("'server_vad'"))
                    ? this with { Required = true } : null;
            case ThresholdName:
                return reader.ReadNumber(0, 1, out var threshold) ? this with { Threshold = threshold } : null;
            case PrefixPadding:
                return reader.ReadInteger(0, LongestMs, out var padding) ? this with { PrefixPaddingMs = (int)padding } : null;
            case SilenceDuration:
                return reader.ReadInteger(0, LongestMs, out var silence) ? this with { SilenceDurationMs = (int)silence } : null;
            default:
                return reader.Is("auto") ? this : reader.ReadText(out var text) ? ReadJson(reader, text) : null;
        }
    }

    private VoiceChunking? ReadJson(FormReader reader, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Once);
            return document.RootElement.ValueKind == JsonValueKind.String && document.RootElement.ValueEquals("auto")
                ? this : ReadObject(reader, document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is thrown where a text with half of a surrogate pair is read.
            reader.FailValue(Expected);
            return null;
        }
    }

    private VoiceChunking? ReadObject(FormReader reader, JsonElement strategy)
    {
        if (strategy.ValueKind != JsonValueKind.Object || !strategy.TryGetProperty("type", out var type)
            || type.ValueKind != JsonValueKind.String || !type.ValueEquals("server_vad"))
        {
            reader.FailValue(Expected);
            return null;
        }

        var read = this with { Required = true };
        foreach (var member in strategy.EnumerateObject())
        {
            var value = member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetDouble(out var number) ? number : double.NaN;
            switch (member.Name)
            {
                case "type":
                    break;
                case "threshold" when value is >= 0 and <= 1:
                    read = read with { Threshold = value };
                    break;
                case "prefix_padding_ms" when IsDuration(value):
                    read = read with { PrefixPaddingMs = (int)value };
                    break;
                case "silence_duration_ms" when IsDuration(value):
                    read = read with { SilenceDurationMs = (int)value };
                    break;
                default:
                    reader.Fail(OpenAiError.InvalidValue(
                        $"{Name}.{OpenAiError.Shorten(member.Name)}",
                        string.Create(CultureInfo.InvariantCulture,
                            $"threshold from 0 to 1, prefix_padding_ms and silence_duration_ms from 0 to {LongestMs}")));
                    return null;
            }
        }

        return read;
    }

    private static bool IsDuration(double value) => value is >= 0 and <= LongestMs && value == Math.Floor(value);
}
