namespace Tollgate.Contracts.Datasets;

/// <summary>Faults of JSON.</summary>
internal static partial class FaultTexts
{
    public static FaultText JsonArray() => new(
        "json_array", "The file is one JSON array. Send JSONL: one JSON object a line, without brackets and commas around them.");

    public static FaultText JsonOverLines() => new(
        "json_over_lines", "A JSON object stretches over several lines. Send JSONL: each object on one line of its own.");

    public static FaultText InvalidJson(string why) => new("invalid_json", $"The line is not valid JSON: {why}");

    public static FaultText TooDeep(int maxDepth) => new(
        "too_deep", Invariant($"The JSON is nested deeper than {maxDepth} levels. Send it with fewer levels."));

    public static FaultText NotAnObject() => new(
        "not_an_object", "The line is JSON, but not an object. Each line must be an object in braces.");

    public static FaultText DuplicateMember(string name) => new(
        "duplicate_member", $"The member '{Shorten(name)}' stands twice in one object. Keep one of them.");

    public static FaultText HalfSurrogate() => new(
        "half_surrogate", @"An escape such as \ud800 is half of a surrogate pair, which is no character. Write both halves, or remove it.");
}
