using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tollgate.Contracts.Metering;

/// <summary>
/// Units used by one request. The counts of tokens are disjoint: <see cref="Input"/> excludes cached tokens, <see cref="Output"/> excludes
/// reasoning tokens.
/// </summary>
/// <param name="Input">Prompt tokens that were computed.</param>
/// <param name="Cached">Prompt tokens taken from a prefix cache.</param>
/// <param name="Output">Visible tokens generated, over all choices.</param>
/// <param name="Reasoning">Hidden tokens generated.</param>
/// <param name="AudioMs">Audio read or generated, milliseconds; whole seconds, see <see cref="BilledAudioMs"/>.</param>
/// <param name="Images">Images read or generated.</param>
/// <param name="Pixels">Pixels of these images: decoded ones of an image that is read, those of the picture of one that is made.</param>
/// <param name="Steps">Steps of a denoiser, counted for each picture.</param>
/// <param name="Calls">Calls of a model of any kind, see <see cref="ModelTask.Tensors"/>.</param>
/// <param name="Elements">Elements of the tensors that such a call reads and gives back; a string is one.</param>
public readonly record struct Units(
    long Input, long Cached = 0, long Output = 0, long Reasoning = 0, long AudioMs = 0, long Images = 0, long Pixels = 0, long Steps = 0,
    long Calls = 0, long Elements = 0)
{
    /// <summary>Header with an answer's units, set by the worker. On a stream it holds the units known before the first event.</summary>
    public const string Header = "x-tollgate-units";

    /// <summary>Number of counts.</summary>
    public const int Length = 10;

    /// <summary>Number of counts in the second version of texts and binary formats.</summary>
    public const int SecondLength = 8;

    /// <summary>Number of counts in the first version of texts and binary formats.</summary>
    public const int FirstLength = 6;

    public long Prompt => Input + Cached;

    public long Completion => Output + Reasoning;

    /// <summary>Makes units of <see cref="Length"/> counts in the order of the members.</summary>
    public static Units Of(UnitCounts counts) =>
        new(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7], counts[8], counts[9]);

    /// <summary>Audio as a worker counts it and a hold bounds it: every begun second is a whole one.</summary>
    /// <param name="milliseconds">Not negative.</param>
    public static long BilledAudioMs(long milliseconds) => checked((milliseconds + 999) / 1000 * 1000);

    /// <summary>Whether a hold of <paramref name="bound"/> pays for these units: prompt, completion, and each other kind.</summary>
    public bool IsWithin(Units bound) => Prompt <= bound.Prompt && Completion <= bound.Completion && AudioMs <= bound.AudioMs
        && Images <= bound.Images && Pixels <= bound.Pixels && Steps <= bound.Steps
        && Calls <= bound.Calls && Elements <= bound.Elements;

    /// <summary>
    /// Ten integers separated by commas, in the order of the members; the first eight or six where the others are 0, which processes of
    /// earlier versions read too.
    /// </summary>
    public override string ToString()
    {
        var first = string.Create(CultureInfo.InvariantCulture, $"{Input},{Cached},{Output},{Reasoning},{AudioMs},{Images}");
        return Calls != 0 || Elements != 0
            ? string.Create(CultureInfo.InvariantCulture, $"{first},{Pixels},{Steps},{Calls},{Elements}")
            : Pixels != 0 || Steps != 0 ? string.Create(CultureInfo.InvariantCulture, $"{first},{Pixels},{Steps}") : first;
    }

    /// <summary>Parses six to ten plain integers. Returns false for anything else, including negative counts.</summary>
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
        return count >= FirstLength;
    }
}

/// <summary>One number for each kind of unit, in the order of the members of <see cref="Units"/>.</summary>
[InlineArray(Units.Length)]
public struct UnitCounts
{
    private long _first;
}
