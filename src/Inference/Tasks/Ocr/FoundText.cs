using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Where a picture has text.</summary>
/// <param name="Width">Of the picture as it is shown, pixels.</param>
/// <param name="Height">Of the picture as it is shown, pixels.</param>
internal sealed record FoundText(int Width, int Height, IReadOnlyList<FoundLine> Lines);

/// <summary>A line before it is read.</summary>
/// <param name="Quad">Where it is in the picture.</param>
/// <param name="Turn">Quarter turns of the rectangle that put its long side on top: 1 for a column.</param>
/// <param name="Crop">Its pixels and those of a margin around it, so turned.</param>
internal sealed record FoundLine(TextQuad Quad, int Turn, TextCrop Crop)
{
    /// <summary>Width of the margin in the shorter side of the rectangle. The recognizer misses spaces of lines that fill its
    /// rows.</summary>
    private const double MarginShare = 0.08;

    /// <summary>Width of the margin, pixels of the picture.</summary>
    public static double MarginOf(TextQuad quad) => MarginShare * Math.Min(quad.Width, quad.Height);

    /// <summary>Cuts the lines out of a picture.</summary>
    /// <param name="rows">Rows that the recognizer reads.</param>
    public static IReadOnlyList<FoundLine> Cut(Picture picture, IEnumerable<TextQuad> quads, int rows) =>
    [
        .. quads.Select(quad =>
        {
            var turn = TextFragments.IsTall(quad) ? 1 : 0;
            return new FoundLine(quad, turn, TextCrop.Cut(picture, quad.Grow(MarginOf(quad)).Turn(turn), rows));
        }),
    ];
}

/// <summary>A line turned in one of the ways in which it may be upright.</summary>
/// <param name="Turn">Quarter turns of its rectangle.</param>
internal sealed record UprightLine(FoundLine Line, int Turn, TextCrop Crop)
{
    /// <summary>Longest piece that is read at once, in heights; recognizers are trained on lines of about seven.</summary>
    private const int LongestPiece = 40;

    /// <summary>Its pieces from the left; a long line is cut at a gap between letters.</summary>
    public IReadOnlyList<LinePiece> Pieces { get; } = [.. Cut(Crop)];

    /// <summary>The ways to turn a line. A column may run down or up, and a short one may be a narrow letter.</summary>
    /// <param name="upsideDown">Whether the direction classifier calls it that.</param>
    public static IEnumerable<UprightLine> Of(FoundLine line, bool upsideDown)
    {
        yield return new UprightLine(line, line.Turn, line.Crop);
        if (upsideDown || line.Turn != 0)
        {
            yield return new UprightLine(line, line.Turn + 2, line.Crop.Turn(2));
        }

        if (line.Turn != 0 && !TextFragments.IsColumn(line.Quad))
        {
            yield return new UprightLine(line, 0, line.Crop.Turn(1));
        }
    }

    /// <summary>What its pieces say, when all are read.</summary>
    public TextReading Read() => new(
    [
        .. Pieces.SelectMany(piece => piece.Reading!.Characters.Select(character => character with
        {
            Place = (piece.Start + (character.Place * piece.Crop.Width)) / Crop.Width,
        })),
    ]);

    private static IEnumerable<LinePiece> Cut(TextCrop crop)
    {
        var (start, longest) = (0, LongestPiece * crop.Height);
        var ink = crop.Width > longest ? LineInk.Find(crop) : null;
        while (crop.Width - start > longest)
        {
            var (from, to) = ink?.FindGap(start + (longest / 2), start + longest) ?? (start + longest, start + longest);
            var end = (from + to) / 2;
            yield return new LinePiece(start, crop.Part(start, end));
            start = end;
        }

        yield return new LinePiece(start, start == 0 ? crop : crop.Part(start, crop.Width));
    }
}

/// <summary>A piece of a line.</summary>
/// <param name="Start">Its first column in the line.</param>
internal sealed record LinePiece(int Start, TextCrop Crop)
{
    /// <summary>Null until it was read.</summary>
    public TextReading? Reading { get; set; }
}
