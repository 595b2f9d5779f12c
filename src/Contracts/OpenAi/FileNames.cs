namespace Tollgate.Contracts.OpenAi;

/// <summary>Names that clients give to files. A name is a text: nothing is opened, stored or found by it.</summary>
public static class FileNames
{
    /// <summary>Longest name, characters.</summary>
    public const int Longest = 256;

    /// <summary>Continues "expected".</summary>
    internal static string Expected { get; } = $"a file name of at most {Longest} characters without control characters";

    internal static bool IsText(string name) => name.Length <= Longest && !name.Any(char.IsControl);

    /// <summary>What follows the last slash or backslash.</summary>
    internal static string LastSegment(string name) => name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
}
