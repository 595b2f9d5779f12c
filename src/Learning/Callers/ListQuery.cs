using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Learning.Callers;

/// <summary>The query of a route that lists objects.</summary>
internal sealed class ListQuery
{
    private readonly IQueryCollection _query;

    /// <param name="names">What the query may have, each at most once. A name that ends in <c>[]</c> stands for pairs, such as
    /// <c>metadata[run]=nightly</c>.</param>
    /// <exception cref="RefusalException">A name is unknown or doubled.</exception>
    public ListQuery(IQueryCollection query, params ReadOnlySpan<string> names)
    {
        foreach (var (name, values) in query)
        {
            if (!names.Contains(name) && !(PairOf(name) is { } pair && names.Contains($"{pair.Member}[]")))
            {
                throw new RefusalException(OpenAiError.UnknownParameter(OpenAiError.Shorten(name)));
            }

            if (values.Count != 1)
            {
                throw new RefusalException(OpenAiError.DuplicateParameter(name));
            }
        }

        _query = query;
    }

    /// <summary>Reads a value; null where there is none.</summary>
    /// <param name="expected">Continues "expected" in the refusal.</param>
    /// <param name="parse">Null for a text that is no such value.</param>
    /// <exception cref="RefusalException">It is no such value.</exception>
    public T? Read<T>(string name, string expected, Func<string, T?> parse)
        where T : struct
    {
        if (Find(name) is not { } text)
        {
            return null;
        }

        return parse(text) ?? throw new RefusalException(
            OpenAiError.InvalidValue(name, expected, $"'{OpenAiError.Shorten(text)}'"));
    }

    /// <summary>Reads <c>after</c>, the id of the object before the first one.</summary>
    /// <param name="what">Of the objects, such as "a file".</param>
    /// <exception cref="RefusalException">It is no such id.</exception>
    public Guid? ReadAfter(string prefix, string what) =>
        Read<Guid>("after", $"the id of {what}", text => PublicIds.TryParse(text, prefix, out var id) ? id : null);

    /// <summary>Reads <c>limit</c>, the most objects of a page.</summary>
    /// <exception cref="RefusalException">It is not between 1 and <paramref name="most"/>.</exception>
    public int? ReadLimit(int most) => Read<int>(
        "limit", $"an integer between 1 and {most}",
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= most
            ? limit : null);

    /// <summary>The pairs of a member, such as <c>metadata[run]=nightly</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> FindPairs(string member) =>
    [
        .. _query.Where(one => PairOf(one.Key)?.Member == member)
            .Select(one => new KeyValuePair<string, string>(PairOf(one.Key)!.Value.Name, one.Value.ToString())),
    ];

    /// <summary>The text of a value; null where there is none.</summary>
    public string? Find(string name) => _query.TryGetValue(name, out var values) ? values.ToString() : null;

    private static (string Member, string Name)? PairOf(string text) =>
        text.EndsWith(']') && text.IndexOf('[', StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 1)..^1]) : null;
}
