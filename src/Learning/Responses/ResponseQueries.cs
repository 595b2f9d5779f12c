using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Responses;

/// <summary>Reads the queries of <c>/v1/responses/{response}</c> and its items.</summary>
internal static class ResponseQueries
{
    private const string Include = "include";
    private const int MostListed = 100;
    private const int UsualListed = 20;

    /// <summary>What OpenAI can add to an answer. Whatever of it was kept is always shown.</summary>
    private static readonly string[] Includable =
    [
        "file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
        "computer_call_output.output.image_url", "code_interpreter_call.outputs", "reasoning.encrypted_content",
        "message.output_text.logprobs",
    ];

    /// <summary>Checks the query of a response, which is answered in one piece whatever it says.</summary>
    /// <exception cref="RefusalException">A name or a value is wrong, or asks for a stream.</exception>
    public static void CheckRetrieve(IQueryCollection given)
    {
        var query = new ListQuery(WithoutIncludes(given), "stream", "starting_after", "include_obfuscation");
        if (query.Read<bool>("stream", "true or false", ParseBoolean) == true)
        {
            throw new RefusalException(OpenAiError.UnsupportedParameter(
                "stream", "cannot be true here: a response that was kept is answered in one piece"));
        }

        query.Read<bool>("include_obfuscation", "true or false", ParseBoolean);
        query.Read<long>(
            "starting_after", "a whole number from 0",
            text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);
    }

    /// <summary>Cuts the page that a query asks for out of all items.</summary>
    /// <param name="items">The oldest first.</param>
    /// <exception cref="RefusalException">A name or a value is wrong.</exception>
    public static (IReadOnlyList<ConversationItem> Page, bool HasMore) ReadPage(
        IQueryCollection given, IReadOnlyList<ConversationItem> items)
    {
        var query = new ListQuery(WithoutIncludes(given), "after", "limit", "order");
        var limit = query.ReadLimit(MostListed) ?? UsualListed;
        var isAscending = query.Read<bool>(
            "order", "'asc' or 'desc'", text => text switch { "asc" => true, "desc" => false, _ => null }) ?? false;
        List<ConversationItem> ordered = [.. isAscending ? items : items.Reverse()];
        var from = 0;
        if (query.Find("after") is { } after)
        {
            // The last of several with one id: by the first one, paging would never end.
            from = ordered.FindLastIndex(item => item.Id == after) + 1;
            if (from == 0)
            {
                throw new RefusalException(
                    OpenAiError.InvalidValue("after", "the id of an item of the list", $"'{OpenAiError.Shorten(after)}'"));
            }
        }

        return ([.. ordered.Skip(from).Take(limit)], ordered.Count - from > limit);
    }

    private static bool? ParseBoolean(string text) => text switch { "true" => true, "false" => false, _ => null };

    /// <summary>The query without <c>include</c>, which clients write as <c>include[]</c>, <c>include[0]</c> or <c>include</c>, several
    /// times.</summary>
    private static QueryCollection WithoutIncludes(IQueryCollection query)
    {
        var others = query.Where(one => !IsInclude(one.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var text in query.Where(one => IsInclude(one.Key)).SelectMany(one => one.Value).OfType<string>())
        {
            if (!Includable.Contains(text))
            {
                throw new RefusalException(OpenAiError.InvalidValue(
                    Include, $"one of '{string.Join("', '", Includable)}'", $"'{OpenAiError.Shorten(text)}'"));
            }
        }

        return new QueryCollection(others);
    }

    private static bool IsInclude(string name) => name == Include || name.StartsWith("include[", StringComparison.Ordinal);
}
