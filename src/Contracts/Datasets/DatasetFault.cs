namespace Tollgate.Contracts.Datasets;

/// <summary>One reason why a file is refused, with its place.</summary>
/// <param name="Code">Names the kind for programs, such as <c>missing_label</c>; never changes.</param>
/// <param name="Line">From 1; a line feed ends a line, also inside a quoted field of CSV.</param>
/// <param name="Column">From 1, in characters (Unicode code points); a byte order mark at the file's start is none.</param>
/// <param name="Message">What is wrong and what to do, for a person.</param>
/// <param name="CustomId">Of a batch: the line's id, where it has one.</param>
public sealed record DatasetFault(string Code, long Line, int Column, string Message, string? CustomId = null);

/// <summary>What a person should look at in a file that is accepted all the same.</summary>
/// <param name="Code">Names the kind for programs, such as <c>contradictory_label</c>.</param>
/// <param name="Message">What was found, for a person.</param>
/// <param name="Lines">Lines that show it, ascending, at most ten; empty where the whole file does.</param>
public sealed record DatasetWarning(string Code, string Message, params IReadOnlyList<long> Lines);

/// <summary>Code and message of a fault before its place is known. All of them are made in <see cref="FaultTexts"/>.</summary>
internal readonly record struct FaultText(string Code, string Message);

/// <summary>A place in a file, as in <see cref="DatasetFault"/>.</summary>
internal readonly record struct TextPosition(long Line, int Column)
{
    public static readonly TextPosition Start = new(1, 1);
}
