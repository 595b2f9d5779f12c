using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Which columns of a line have ink. Positions and lengths are pixels of the cut line.</summary>
internal sealed class LineInk
{
    /// <summary>Difference between text and paper below which a line shows nothing, of 255.</summary>
    private const int LeastContrast = 24;

    /// <summary>Share of the contrast from which a pixel counts as ink.</summary>
    private const double InkShare = 0.4;

    /// <summary>Pixels that may be brighter or darker than the text: dust.</summary>
    private const double DustShare = 0.01;

    /// <summary>Rows above and below that may show other lines.</summary>
    private const double MarginShare = 0.15;

    /// <summary>Ink in more of the columns is a pattern behind the text.</summary>
    private const double MostInk = 0.95;

    private readonly bool[] _columns;

    private LineInk(bool[] columns) => _columns = columns;

    public int Width => _columns.Length;

    /// <summary>Finds the ink of a line; null where paper and text cannot be told apart.</summary>
    public static LineInk? Find(TextCrop crop)
    {
        var luma = new byte[crop.Width * crop.Height];
        for (var i = 0; i < luma.Length; i++)
        {
            var pixel = crop.Pixels.AsSpan(i * Picture.BytesPerPixel, 3);
            luma[i] = (byte)(((pixel[0] * 77) + (pixel[1] * 150) + (pixel[2] * 29)) >> 8);
        }

        var paper = Quantile(luma, 0.5);
        var differences = Array.ConvertAll(luma, value => (byte)Math.Abs(value - paper));
        var contrast = Quantile(differences, 1 - DustShare);
        if (contrast < LeastContrast)
        {
            return null;
        }

        var columns = new bool[crop.Width];
        for (var y = (int)(crop.Height * MarginShare); y < crop.Height - (int)(crop.Height * MarginShare); y++)
        {
            for (var x = 0; x < crop.Width; x++)
            {
                columns[x] |= differences[(y * crop.Width) + x] > contrast * InkShare;
            }
        }

        return columns.Count(ink => ink) > MostInk * columns.Length ? null : new LineInk(columns);
    }

    /// <summary>The longest stretch without ink between two places; empty in the middle where there is none.</summary>
    public (int Start, int End) FindGap(double from, double to)
    {
        var (start, end) = (Column(from), Column(to));
        var longest = ((start + end + 1) / 2, (start + end + 1) / 2);
        foreach (var gap in Stretches(start, end, ink: false))
        {
            longest = gap.End - gap.Start > longest.Item2 - longest.Item1 ? gap : longest;
        }

        return longest;
    }

    /// <summary>Stretches of ink from the left to the right.</summary>
    public IEnumerable<(int Start, int End)> Strokes() => Stretches(0, Width, ink: true);

    private IEnumerable<(int Start, int End)> Stretches(int from, int to, bool ink)
    {
        for (var x = from; x < to; x++)
        {
            var start = x;
            while (x < to && _columns[x] == ink)
            {
                x++;
            }

            if (x > start)
            {
                yield return (start, x);
            }
        }
    }

    private int Column(double place) => Math.Clamp((int)place, 0, Width);

    /// <summary>The value below which a share of the values lies.</summary>
    private static int Quantile(byte[] values, double share)
    {
        var counts = new int[256];
        foreach (var value in values)
        {
            counts[value]++;
        }

        var (sum, quantile) = (0, 0);
        while (quantile < 255 && (sum += counts[quantile]) <= share * values.Length)
        {
            quantile++;
        }

        return quantile;
    }
}
