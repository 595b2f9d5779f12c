using System.Text.Json;
using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Reads from answers what they say of their units.</summary>
internal static class AnswerUnits
{
    /// <summary>What an unstreamed answer states, and the pictures that it holds. Null where it states nothing, as predictions do and
    /// plain text does.</summary>
    public static Units? OfWhole(string answer)
    {
        if (!answer.StartsWith('{'))
        {
            return null;
        }

        using var document = JsonDocument.Parse(answer);
        return OfUsage(document.RootElement) is { } usage ? usage with { Images = usage.Images + Pictures(document.RootElement) } : null;
    }

    /// <summary>What an event states; null where it states nothing.</summary>
    public static Units? OfEvent(string data)
    {
        if (!data.Contains("\"usage\":{", StringComparison.Ordinal))
        {
            return null;
        }

        using var document = JsonDocument.Parse(data);
        var root = document.RootElement;
        return OfUsage(root.TryGetProperty("response", out var response) ? response : root);
    }

    /// <summary>Index of the picture, intermediate or finished, that an event holds; null for another event.</summary>
    public static int? PictureOf(string data)
    {
        if (!data.Contains("\"image_index\":", StringComparison.Ordinal))
        {
            return null;
        }

        using var document = JsonDocument.Parse(data);
        return document.RootElement.GetProperty("image_index").GetInt32();
    }

    /// <summary>Anthropic's input tokens are without the cached ones, OpenAI's with them.</summary>
    private static Units? OfUsage(JsonElement answer)
    {
        if (!answer.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var read = Count(usage, "cache_read_input_tokens");
        var ofPrompt = OfDetails(usage, "prompt_tokens_details") + OfDetails(usage, "input_tokens_details");
        return new Units(
            Count(usage, "prompt_tokens") + Count(usage, "input_tokens") - ofPrompt,
            read + ofPrompt,
            Output: Count(usage, "completion_tokens") + Count(usage, "output_tokens"),
            AudioMs: Count(usage, "seconds") * 1000, Images: Count(usage, "images"), Pixels: Count(usage, "pixels"));
    }

    private static long OfDetails(JsonElement usage, string member) =>
        usage.TryGetProperty(member, out var details) ? Count(details, "cached_tokens") : 0;

    /// <summary>Pictures that were drawn.</summary>
    private static int Pictures(JsonElement answer) => answer.TryGetProperty("data", out var data)
        ? data.EnumerateArray().Count(item => item.TryGetProperty("b64_json", out _)) : 0;

    private static long Count(JsonElement usage, string member) => usage.TryGetProperty(member, out var count) ? count.GetInt64() : 0;
}
