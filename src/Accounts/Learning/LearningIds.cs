namespace Tollgate.Accounts.Learning;

/// <summary>Ids of Learning's objects: a prefix and 32 hex digits. A text of another form is asked for at no service.</summary>
internal static class LearningIds
{
    private const int Digits = 32;

    /// <summary>Prefixes of a file, a batch and a job.</summary>
    public const string File = "file-";
    public const string Batch = "batch_";
    public const string Job = "ftjob-";

    public static bool IsFile(string? text) => Is(text, File);

    public static bool IsBatch(string? text) => Is(text, Batch);

    public static bool IsJob(string? text) => Is(text, Job);

    private static bool Is(string? text, string prefix) => text?.Length == prefix.Length + Digits
        && text.StartsWith(prefix, StringComparison.Ordinal) && text.Skip(prefix.Length).All(char.IsAsciiHexDigitLower);
}
