namespace Tollgate.Contracts.OpenAi;

/// <summary>What files are for, by OpenAI's names.</summary>
public static class FilePurposes
{
    /// <summary>A set of training examples.</summary>
    public const string FineTune = "fine-tune";

    /// <summary>Requests of a batch.</summary>
    public const string Batch = "batch";

    /// <summary>A set of evaluation examples.</summary>
    public const string Evals = "evals";

    /// <summary>Anything else of a customer; nothing reads it.</summary>
    public const string UserData = "user_data";

    /// <summary>What a client may send.</summary>
    public static IReadOnlyList<string> Accepted { get; } = [FineTune, Batch, Evals, UserData];

    /// <summary>Purposes of OpenAI's that are refused by name.</summary>
    public static IReadOnlyList<string> Refused { get; } =
        ["assistants", "assistants_output", "vision", "batch_output", "fine-tune-results"];

    /// <summary>The accepted purposes as a sentence shows them.</summary>
    public static string Choice { get; } = $"'{string.Join("', '", Accepted.SkipLast(1))}' or '{Accepted[^1]}'";

    /// <summary>What is wrong with a purpose; null for an accepted one.</summary>
    public static OpenAiError? Refuse(string purpose) => Accepted.Contains(purpose) ? null
        : Refused.Contains(purpose) ? OpenAiError.UnsupportedPurpose(purpose, Choice)
        : OpenAiError.InvalidValue("purpose", Choice, $"'{OpenAiError.Shorten(purpose)}'");
}

/// <summary>When files end.</summary>
public static class FileExpiry
{
    /// <summary>The only moment from which <c>expires_after</c> counts.</summary>
    public const string Anchor = "created_at";

    /// <summary>Least <c>expires_after.seconds</c>: an hour.</summary>
    public const long LeastSeconds = 3_600;

    /// <summary>Most <c>expires_after.seconds</c>: 30 days.</summary>
    public const long MostSeconds = 2_592_000;
}

/// <summary>The parts of the form of <c>POST /v1/files</c>, each at most once.</summary>
public static class FileParts
{
    public const string File = "file";
    public const string Purpose = "purpose";
    public const string Anchor = "expires_after[anchor]";
    public const string Seconds = "expires_after[seconds]";

    public static IReadOnlyList<string> All { get; } = [File, Purpose, Anchor, Seconds];
}
