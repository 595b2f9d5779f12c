namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>
/// A JSON Schema is malformed, uses a keyword that cannot be enforced, or allows no value. The message is fit for the caller.
/// </summary>
/// <param name="path">Where in the schema: member names and array positions parted by dots, such as <c>properties.a.items</c>.
/// Empty for the schema itself.</param>
/// <param name="reason">The keyword and what is wrong with it.</param>
internal sealed class SchemaException(string path, string reason)
    : Exception(path.Length == 0 ? Cut(reason) : $"{Cut(path)}: {Cut(reason)}")
{
    private const int MostCharacters = 300;

    /// <summary>Where in the schema, cut where it is long.</summary>
    public string Path { get; } = Cut(path);

    /// <summary>A path and a reason quote names of the schema, which may be of any length.</summary>
    private static string Cut(string text) => text.Length <= MostCharacters ? text : $"{text[..MostCharacters]}…";
}
