using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Datasets;

/// <summary>What a file holds and what is wrong with it. <see cref="DatasetJson"/> writes it for answers of the API.</summary>
public sealed record DatasetReport
{
    /// <summary>Whether the file has no fault. Warnings do not count.</summary>
    [JsonIgnore]
    public bool IsAccepted => FaultCount == 0;

    /// <summary><c>jsonl</c> or <c>csv</c>; null for a file that was not read as either.</summary>
    public string? Format { get; init; }

    /// <summary>Bytes read: all of the file, unless <see cref="IsStopped"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows read, with those that have faults; not blank lines, nor the first line of CSV.</summary>
    public long Rows { get; init; }

    /// <summary>Rows without a fault of their own.</summary>
    public long GoodRows { get; init; }

    /// <summary>All faults, listed or not.</summary>
    public long FaultCount { get; init; }

    /// <summary>Whether reading ended before the file did, so that later lines may have further faults.</summary>
    public bool IsStopped { get; init; }

    /// <summary>The first faults in the order of the rows, at most <see cref="DatasetLimits.MaxListedFaults"/>.</summary>
    public IReadOnlyList<DatasetFault> Faults { get; init; } = [];

    /// <summary>Faults beyond the listed ones, in words, such as <c>and 23 more</c>; null where there are none.</summary>
    public string? FurtherFaults { get; init; }

    public IReadOnlyList<DatasetWarning> Warnings { get; init; } = [];

    /// <summary>Statistics of a training file.</summary>
    public ExampleStatistics? Examples { get; init; }

    /// <summary>Statistics of a batch.</summary>
    public BatchStatistics? Batch { get; init; }
}

/// <summary>Counts over the rows of a training file that have no fault.</summary>
/// <param name="Form">The members that rows have: <c>text</c>, <c>data</c> or <c>messages</c>; null without a row.</param>
/// <param name="Labels">Rows of each label, in the order of their first appearance.</param>
/// <param name="Characters">Lengths of texts in characters (code points); null without a row.</param>
/// <param name="Tokens">Lengths of texts by the caller's counter; null without one.</param>
/// <param name="DuplicateTexts">Rows whose text stood before, exactly.</param>
/// <param name="ContradictoryLabels">Of these, rows with another label than the text's first row.</param>
/// <param name="SimilarTexts">Rows whose text stood before but for case, spaces and punctuation; exact duplicates not included.</param>
/// <param name="SimilarContradictions">Of these, rows with another label.</param>
/// <param name="Ignored">Members or columns that nothing reads, at most 20.</param>
public sealed record ExampleStatistics(
    string? Form, IReadOnlyList<LabelCount> Labels, LengthStatistics? Characters, LengthStatistics? Tokens, long DuplicateTexts,
    long ContradictoryLabels, long SimilarTexts, long SimilarContradictions, IReadOnlyList<string> Ignored);

/// <summary>How often a label stands in a file.</summary>
public sealed record LabelCount(string Label, long Rows);

/// <summary>Lengths of the texts of a file.</summary>
/// <param name="ShortestLine">The first row that has the shortest one.</param>
/// <param name="LongestLine">The first row that has the longest one.</param>
/// <param name="Total">Sum over all rows.</param>
public sealed record LengthStatistics(int Shortest, long ShortestLine, int Longest, long LongestLine, long Total);

/// <summary>Counts over the lines of a batch that have no fault.</summary>
/// <param name="Url">The one endpoint of the file; null without a good line.</param>
/// <param name="Models">Lines of each model, in the order of first appearance, at most 100 models.</param>
public sealed record BatchStatistics(string? Url, IReadOnlyList<ModelLines> Models);

/// <summary>How many lines of a batch name a model.</summary>
public sealed record ModelLines(string Model, long Lines);

/// <summary>Reports as JSON: names in snake_case, without nulls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DatasetReport))]
[JsonSerializable(typeof(LeakReport))]
public sealed partial class DatasetJson : JsonSerializerContext;
