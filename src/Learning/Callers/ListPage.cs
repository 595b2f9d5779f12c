namespace Tollgate.Learning.Callers;

/// <summary>A page of a list, as OpenAI's lists have it.</summary>
internal sealed record ListPage<T>(string Object, IReadOnlyList<T> Data, string? FirstId, string? LastId, bool HasMore);

/// <summary>Makes pages.</summary>
internal static class ListPage
{
    /// <param name="idOf">The id by which the next page goes on.</param>
    public static ListPage<T> Of<T>(IReadOnlyList<T> data, bool hasMore, Func<T, string> idOf) => new(
        "list", data, data is [var first, ..] ? idOf(first) : null, data is [.., var last] ? idOf(last) : null, hasMore);
}

/// <summary>The answer to a deletion.</summary>
internal sealed record DeletedObject(string Id, string Object, bool Deleted);
