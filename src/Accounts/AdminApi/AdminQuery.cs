using System.Globalization;
using Microsoft.Extensions.Primitives;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>The query of a request. A list is written <c>name[]=a&amp;name[]=b</c> or <c>name=a&amp;name=b</c>. Each read throws an
/// <see cref="AdminRefusal"/> that names the parameter.</summary>
internal sealed class AdminQuery
{
    public const int MostOfPage = 100;
    private const int DefaultOfPage = 20;
    private const int MostOfList = 200;
    private static readonly string[] Paging = ["limit", "after", "before", "order"];
    private readonly Dictionary<string, StringValues> _values = new(StringComparer.Ordinal);

    /// <param name="single">Parameters that are given once.</param>
    /// <param name="lists">Parameters that are given any number of times.</param>
    public AdminQuery(IQueryCollection query, IReadOnlyList<string> single, IReadOnlyList<string> lists)
    {
        foreach (var (written, values) in query)
        {
            var name = written.EndsWith("[]", StringComparison.Ordinal) && lists.Contains(written[..^2]) ? written[..^2] : written;
            if (!single.Contains(name) && !lists.Contains(name))
            {
                throw new AdminRefusal(OpenAiError.UnknownParameter(OpenAiError.Shorten(written)));
            }

            if (single.Contains(name) && values.Count != 1)
            {
                throw new AdminRefusal(OpenAiError.DuplicateParameter(name));
            }

            _values[name] = StringValues.Concat(_values.GetValueOrDefault(name), values);
        }

        foreach (var name in lists.Where(name => _values.GetValueOrDefault(name).Count > MostOfList))
        {
            throw new AdminRefusal(OpenAiError.InvalidValue(name, $"at most {MostOfList} values"));
        }
    }

    /// <summary>The query of a list.</summary>
    public static AdminQuery OfList(IQueryCollection query, IReadOnlyList<string>? single = null, IReadOnlyList<string>? lists = null) =>
        new(query, [.. Paging, .. single ?? []], lists ?? []);

    public string? Find(string name) => _values.TryGetValue(name, out var value) ? value[0] ?? "" : null;

    /// <summary>The values of a list; null where there is none.</summary>
    public string[]? FindList(string name) => _values.TryGetValue(name, out var values) ? [.. values.Select(one => one ?? "")] : null;

    /// <summary>The ids in a list; null where there is none.</summary>
    public Guid[]? FindIds(string name, AdminIds kind) =>
        FindList(name)?.Select(text => kind.Find(text) ?? throw Wrong(name, $"ids of a {kind.What}", text)).ToArray();

    public long? FindInteger(string name, long least, long most) => Find(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number : throw Wrong(name, $"an integer between {least} and {most}", text);

    public string? FindOneOf(string name, params string[] choices) => Find(name) is not { } text ? null
        : choices.Contains(text) ? text : throw Wrong(name, string.Join(" or ", choices.Select(one => $"'{one}'")), text);

    public bool? FindBoolean(string name) => FindOneOf(name, "true", "false") is { } text ? text == "true" : null;

    /// <summary>Whether the newest comes first.</summary>
    public bool IsDescending => FindOneOf("order", "asc", "desc") is not "asc";

    public int Limit => (int)(FindInteger("limit", 1, MostOfPage) ?? DefaultOfPage);

    /// <summary>The page of a list that its query asks for.</summary>
    /// <param name="all">All objects, the oldest first.</param>
    public AdminPage<T> Page<T>(IReadOnlyList<T> all, Func<T, string> idOf)
    {
        var ordered = IsDescending ? [.. all.Reverse()] : all;
        var (from, to) = (0, ordered.Count);
        if (Find("after") is { } after)
        {
            from = IndexOf("after", after) + 1;
        }

        var isBackwards = false;
        if (Find("before") is { } before)
        {
            to = IndexOf("before", before);
            isBackwards = Find("after") is null;
        }

        var length = Math.Min(Math.Max(0, to - from), Limit);
        var first = isBackwards ? to - length : from; // The page that ends before the object.
        T[] page = [.. ordered.Skip(first).Take(length)];
        return new AdminPage<T>(
            "list", page, page.Length > 0 ? idOf(page[0]) : null, page.Length > 0 ? idOf(page[^1]) : null,
            isBackwards ? first > from : first + length < to);

        int IndexOf(string name, string id)
        {
            for (var i = 0; i < ordered.Count; i++)
            {
                if (idOf(ordered[i]) == id)
                {
                    return i;
                }
            }

            throw Wrong(name, "the id of an object of the list", id);
        }
    }

    /// <summary>The same as a page that goes on by a cursor.</summary>
    public AdminCursorPage<T> CursorPage<T>(IReadOnlyList<T> all, Func<T, string> idOf)
    {
        var page = Page(all, idOf);
        return new AdminCursorPage<T>("list", page.Data, page.HasMore, page.HasMore ? page.LastId : null);
    }

    /// <param name="expected">Continues "expected".</param>
    public static AdminRefusal Wrong(string name, string expected, string given) =>
        new(OpenAiError.InvalidValue(name, expected, $"'{OpenAiError.Shorten(given)}'"));
}
