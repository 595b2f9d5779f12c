namespace Tollgate.Learning.Callers;

/// <summary>Ids as clients see them: a prefix and 32 hex digits.</summary>
internal static class PublicIds
{
    private const string IdFormat = "N";

    /// <summary>
    /// The id of a text; one that nothing has for a text of another form, so that the answer takes the same way.
    /// </summary>
    public static Guid Parse(string text, string prefix) => TryParse(text, prefix, out var id) ? id : Guid.Empty;

    public static bool TryParse(string text, string prefix, out Guid id)
    {
        id = Guid.Empty;
        return text.StartsWith(prefix, StringComparison.Ordinal) && Guid.TryParseExact(text.AsSpan(prefix.Length), IdFormat, out id);
    }

    /// <summary>Now, in whole milliseconds, which Postgres and receipts both keep exactly.</summary>
    public static DateTimeOffset Now(TimeProvider clock) =>
        DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
}
