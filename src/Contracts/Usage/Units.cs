using System.Globalization;

namespace Tollgate.Contracts.Usage;

/// <summary>What one request used. The six counts are disjoint: cached tokens are not in
/// <see cref="Input"/>, reasoning tokens not in <see cref="Output"/>.</summary>
/// <param name="Input">Prompt tokens that were computed.</param>
/// <param name="Cached">Prompt tokens taken from a prefix cache.</param>
/// <param name="Output">Visible tokens generated, over all choices.</param>
/// <param name="Reasoning">Hidden tokens generated.</param>
/// <param name="AudioMs">Audio heard or made, milliseconds.</param>
/// <param name="Images">Images seen or made.</param>
public readonly record struct Units(long Input, long Cached = 0, long Output = 0, long Reasoning = 0, long AudioMs = 0, long Images = 0)
{
    /// <summary>Header in which a worker states the units of an answer; on a stream, those known when its first event goes out.</summary>
    public const string Header = "x-tollgate-units";

    public long Prompt => Input + Cached;

    public long Completion => Output + Reasoning;

    /// <summary>Six integers parted by commas, in the order of the members.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Input},{Cached},{Output},{Reasoning},{AudioMs},{Images}");

    /// <summary>Reads the form that <see cref="ToString"/> writes. False for anything else, negative counts too.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Units units)
    {
        Span<long> values = stackalloc long[6];
        var count = 0;
        foreach (var range in text.Split(','))
        {
            if (count == 6 || !long.TryParse(text[range], NumberStyles.None, CultureInfo.InvariantCulture, out values[count]))
            {
                units = default;
                return false;
            }

            count++;
        }

        units = new Units(values[0], values[1], values[2], values[3], values[4], values[5]);
        return count == 6;
    }
}
