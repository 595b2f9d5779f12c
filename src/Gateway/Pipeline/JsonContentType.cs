namespace Tollgate.Gateway.Pipeline;

/// <summary>
/// Whether a content type means JSON in UTF-8. JSON is always UTF-8 (RFC 8259), so a charset only has to be no other encoding's name; that
/// name may be quoted and is spelled in many ways. Other parameters mean nothing.
/// </summary>
internal static class JsonContentType
{
    /// <summary>Names of UTF-8, and of US-ASCII, which is a part of it; letters and digits alone.</summary>
    private static readonly HashSet<string> Utf8 = new(StringComparer.OrdinalIgnoreCase)
    {
        "", "utf8", "xutf8", "csutf8", "unicode11utf8", "cp65001", "usascii", "ascii", "csascii", "iso646us", "ansix341968",
    };

    /// <summary>Types that clients set by themselves for a text: curl and Python's urllib the first, browsers the second.</summary>
    private static readonly HashSet<string> Unlabelled = new(StringComparer.OrdinalIgnoreCase)
    {
        "application/x-www-form-urlencoded", "text/plain",
    };

    /// <summary>True without a content type too: clients without one send JSON.</summary>
    /// <param name="unlabelled">Whether the types that clients set by themselves count too.</param>
    public static bool IsJson(string? contentType, bool unlabelled = false)
    {
        var parts = (contentType ?? "").Split(';');
        var media = parts[0].Trim();
        return (media.Length == 0 && parts.Length == 1) || ((IsNamed(media) || (unlabelled && Unlabelled.Contains(media)))
            && parts.Skip(1).All(IsUtf8));
    }

    private static bool IsNamed(string media) =>
        media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || IsSuffixed(media);

    private static bool IsSuffixed(string media) =>
        media.EndsWith("+json", StringComparison.OrdinalIgnoreCase) && media.Count(letter => letter == '/') == 1 && !media.Contains(' ');

    private static bool IsUtf8(string parameter)
    {
        var equals = parameter.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 || !parameter.AsSpan(0, equals).Trim().Equals("charset", StringComparison.OrdinalIgnoreCase)
            || Utf8.Contains(string.Concat(parameter.Skip(equals + 1).Where(char.IsAsciiLetterOrDigit)));
    }
}
