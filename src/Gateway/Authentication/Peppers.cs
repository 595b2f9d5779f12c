namespace Tollgate.Gateway.Authentication;

/// <summary>A secret under which other secrets are stored, with the id that is stored beside them.</summary>
internal sealed record Pepper(string Id, byte[] Secret);

/// <summary>Reads <see cref="KeyDirectoryOptions.Peppers"/>.</summary>
internal static class Peppers
{
    private static readonly char[] Separators = [',', ' ', '\n', '\r', '\t'];

    /// <summary>At least one, in the order in which they are written.</summary>
    /// <exception cref="InvalidOperationException">No pepper, or one that is not <c>id:hex</c> with at least 16 bytes.</exception>
    public static IReadOnlyList<Pepper> Parse(KeyDirectoryOptions options)
    {
        Pepper[] peppers = [.. options.Peppers.Split(Separators, StringSplitOptions.RemoveEmptyEntries).Select(Read)];
        return peppers.Length > 0 ? peppers : throw new InvalidOperationException("Keys:Peppers holds no pepper.");
    }

    private static Pepper Read(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || text.Length - colon - 1 < 32 || text[(colon + 1)..].Any(digit => !char.IsAsciiHexDigit(digit)))
        {
            throw new InvalidOperationException("Keys:Peppers must be a list of id:hex with at least 16 bytes each.");
        }

        return new Pepper(text[..colon], Convert.FromHexString(text[(colon + 1)..]));
    }
}
