using System.Globalization;

namespace Tollgate.Contracts.Responses;

/// <summary>
/// Ids of responses and of their items. An item's id has that of the response that made or read it, so that an item can be found by its id
/// alone: <c>msg_0195…o0</c> is the first item of the output of <c>resp_0195…</c>, <c>msg_0195…i0</c> the first one of its input.
/// </summary>
public static class ResponseIds
{
    public const string Prefix = "resp_";

    private const int IdLength = 32;

    /// <param name="requestId">Of the request that the response answers.</param>
    public static string Of(Guid requestId) => Prefix + requestId.ToString("N");

    /// <param name="kind">Such as <c>msg</c>.</param>
    /// <param name="responseId">Of the response that makes the item.</param>
    /// <param name="index">In its output.</param>
    public static string OfOutput(string kind, string responseId, int index) => Of(kind, responseId, 'o', index);

    /// <param name="kind">Such as <c>msg</c>.</param>
    /// <param name="responseId">Of the response that reads the item.</param>
    /// <param name="index">In its input.</param>
    public static string OfInput(string kind, string responseId, int index) => Of(kind, responseId, 'i', index);

    /// <summary>The response that made or read an item; null for an id that was not made here.</summary>
    public static string? ResponseOf(string itemId)
    {
        var start = itemId.IndexOf('_', StringComparison.Ordinal) + 1;
        return start > 0 && itemId.Length > start + IdLength + 1 && itemId[start + IdLength] is 'o' or 'i'
            && Guid.TryParseExact(itemId.AsSpan(start, IdLength), "N", out var id) ? Of(id) : null;
    }

    private static string Of(string kind, string responseId, char side, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}_{responseId.AsSpan(Prefix.Length)}{side}{index}");
}
