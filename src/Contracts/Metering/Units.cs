using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tollgate.Contracts.Metering;

/// <summary>
/// Units used by one request. The six counts are disjoint: <see cref="Input"/> excludes cached tokens, <see cref="Output"/> excludes
/// reasoning tokens.
/// </summary>
/// <param name="Input">Prompt tokens that were computed.</param>
/// <param name="Cached">Prompt tokens taken from a prefix cache.</param>
/// <param name="Output">Visible tokens generated, over all choices.</param>
/// <param name="Reasoning">Hidden tokens generated.</param>
/// <param name="AudioMs">Audio read or generated, milliseconds.</param>
/// <param name="Images">Images read or generated.</param>
public readonly record struct Units(long Input, long Cached = 0, long Output = 0, long Reasoning = 0, long AudioMs = 0, long Images = 0)
{
    /// <summary>Header with an answer's units, set by the worker. On a stream it holds the units known before the first event.</summary>
    public const string Header = "x-tollgate-units";

    /// <summary>Number of counts.</summary>
    public const int Length = 6;

    public long Prompt => Input + Cached;

    public long Completion => Output + Reasoning;

    /// <summary>Makes units of <see cref="Length"/> counts in the order of the members.</summary>
    public static Units Of(UnitCounts counts) => new(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);

    /// <summary>Six integers separated by commas, in the order of the members.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Input},{Cached},{Output},{Reasoning},{AudioMs},{Images}");

    /// <summary>Parses the form that <see cref="ToString"/> writes. Returns false for anything else, including negative counts.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Units units)
    {
        var values = default(UnitCounts);
        var count = 0;
        foreach (var range in text.Split(','))
        {
            if (count == Length || !long.TryParse(text[range], NumberStyles.None, CultureInfo.InvariantCulture, out values[count]))
            {
                units = default;
                return false;
            }

            count++;
        }

        units = Of(values);
        return count == Length;
    }
}

/// <summary>One number for each kind of unit, in the order of the members of <see cref="Units"/>.</summary>
[InlineArray(Units.Length)]
public struct UnitCounts
{
    private long _first;
}
