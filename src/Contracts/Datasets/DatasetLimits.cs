namespace Tollgate.Contracts.Datasets;

/// <summary>Bounds of one file. Together they bound the memory of its reader, whatever the size of the file.</summary>
public sealed record DatasetLimits
{
    /// <summary>Limits of files for <see cref="DatasetPurpose.FineTune"/>.</summary>
    public static readonly DatasetLimits Examples = new() { MaxLineBytes = 1024 * 1024, MaxRows = 200_000 };

    /// <summary>Limits of files for <see cref="DatasetPurpose.Batch"/>; OpenAI's bound of lines.</summary>
    public static readonly DatasetLimits Batch = new() { MaxLineBytes = 4 * 1024 * 1024, MaxRows = 50_000 };

    /// <summary>Longest line of JSONL and longest row of CSV, bytes without the line feed, 1 to 1 GiB. The reader holds one.</summary>
    public required int MaxLineBytes { get; init; }

    /// <summary>
    /// Most rows. The search for duplicates keeps at most 144 bytes a row of examples, 216 while its tables grow, and for a batch's ids
    /// no more.
    /// </summary>
    public required int MaxRows { get; init; }

    /// <summary>Most different labels. Default 1,000.</summary>
    public int MaxClasses { get; init; } = 1_000;

    /// <summary>Longest label, characters. Default 128.</summary>
    public int MaxLabelCharacters { get; init; } = 128;

    /// <summary>Faults that a report lists; it counts the others. Default 100.</summary>
    public int MaxListedFaults { get; init; } = 100;

    /// <summary>After so many faults nothing more is read. Default 10,000.</summary>
    public int MaxFaults { get; init; } = 10_000;
}
