using System.Text;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Makes a line with its words from what the recognizer read and from the ink of the line: the recognizer misses spaces between
/// narrow letters, and leaves out characters that it does not know.</summary>
internal sealed class LineWriter
{
    /// <summary>Narrowest gap that is a space, in heights of the line.</summary>
    private const double NarrowestSpace = 0.25;

    /// <summary>The same in wide gaps of the line that are none: letters of one width have wide gaps.</summary>
    private const double SpaceRatio = 2.2;

    /// <summary>Share of the gaps that are not wide.</summary>
    private const double UsualGaps = 0.75;

    /// <summary>No space comes before them.</summary>
    private const string Closing = ".,:;!?)]}%'";

    /// <summary>How far ink may be from the middle of its character, in heights.</summary>
    private const double CharacterReach = 0.35;

    /// <summary>Width of a character of its own that was not read, in heights; narrower ones may be dust or rules.</summary>
    private const double UnreadStroke = 0.2;

    /// <summary>The same where the ink touches characters that were read.</summary>
    private const double UnreadPart = 0.6;

    /// <summary>Width of a usual character, in heights.</summary>
    private const double UsualWidth = 0.6;

    private readonly TextCrop _crop;
    private readonly ReadCharacter[] _characters;
    private readonly double[] _places;
    private readonly LineInk? _ink;

    private LineWriter(TextCrop crop, TextReading reading)
    {
        (_crop, _characters) = (crop, [.. reading.Characters]);
        _places = Array.ConvertAll(_characters, character => character.Place * crop.Width);
        _ink = LineInk.Find(crop);
    }

    /// <summary>Makes the line; null where nothing was read.</summary>
    /// <param name="quad">Where it is in the picture.</param>
    /// <param name="turn">Quarter turns of the rectangle that put the line upright.</param>
    /// <param name="crop">The line and its margin, upright.</param>
    public static OcrLine? Write(TextQuad quad, int turn, TextCrop crop, TextReading reading)
    {
        var writer = new LineWriter(crop, reading);
        var words = writer.FindWords();
        if (words.Count == 0)
        {
            return null;
        }

        var upright = quad.Turn(turn);
        var made = new List<OcrWord>(words.Count);
        for (var i = 0; i < words.Count; i++)
        {
            var (from, to) = writer.Extent(words, i);
            made.Add(new OcrWord(
                string.Concat(words[i].Select(at => writer._characters[at].Text)), words[i].Average(at => writer._characters[at].Score),
                upright.Part(Share(from), Share(to)).Turn(-turn)));
        }

        var unread = writer.CountUnread();
        var read = words.Sum(word => word.Count);
        var confidence = words.Sum(word => word.Sum(at => (double)writer._characters[at].Score)) / (read + unread);
        return new OcrLine(
            string.Join(' ', made.Select(word => word.Text)), confidence, unread, quad, upright.Second - upright.First, made);

        // The margin is no part of the rectangle.
        double Share(double column)
        {
            var margin = FoundLine.MarginOf(quad);
            return Math.Clamp(((column / crop.Width * (upright.Width + (2 * margin))) - margin) / upright.Width, 0, 1);
        }
    }

    /// <summary>Numbers of the characters of each word.</summary>
    private List<List<int>> FindWords()
    {
        var (words, narrowest) = (new List<List<int>>(), NarrowestGap());
        var open = false;
        for (var at = 0; at < _characters.Length; at++)
        {
            if (string.IsNullOrWhiteSpace(_characters[at].Text))
            {
                open = false;
                continue;
            }

            if (!open || IsSpaceBefore(at, narrowest))
            {
                words.Add([]);
            }

            words[^1].Add(at);
            open = true;
        }

        return words;
    }

    private bool IsSpaceBefore(int at, double narrowest) =>
        !IsIdeograph(_characters[at - 1].Text) && !IsIdeograph(_characters[at].Text)
        && !Closing.Contains(_characters[at].Text, StringComparison.Ordinal) && GapBefore(at) >= narrowest;

    /// <summary>The gap before a character, pixels; 0 where ink cannot be told.</summary>
    private int GapBefore(int at) => _ink?.FindGap(_places[at - 1], _places[at]) is var (start, end) ? end - start : 0;

    /// <summary>Narrowest gap that is a space, pixels.</summary>
    private double NarrowestGap()
    {
        int[] gaps =
        [
            .. Enumerable.Range(1, Math.Max(_characters.Length - 1, 0))
                .Where(at => !string.IsNullOrWhiteSpace(_characters[at - 1].Text) && !string.IsNullOrWhiteSpace(_characters[at].Text))
                .Select(GapBefore).Order(),
        ];
        var usual = gaps.Length == 0 ? 0 : gaps[(int)(gaps.Length * UsualGaps)];
        return Math.Max(NarrowestSpace * _crop.Height, SpaceRatio * usual);
    }

    /// <summary>Where a word begins and ends, pixels: at the gaps to its neighbours, else at the ends of the line.</summary>
    private (double From, double To) Extent(List<List<int>> words, int word)
    {
        var from = word == 0 ? 0 : FindGap(_places[words[word - 1][^1]], _places[words[word][0]]).End;
        var to = word == words.Count - 1 ? _crop.Width : FindGap(_places[words[word][^1]], _places[words[word + 1][0]]).Start;
        return (from, to);
    }

    private (double Start, double End) FindGap(double from, double to) =>
        _ink?.FindGap(from, to) ?? ((from + to) / 2, (from + to) / 2);

    private int CountUnread()
    {
        var count = 0;
        double[] centers = [.. _places.Where((_, at) => !string.IsNullOrWhiteSpace(_characters[at].Text))];
        for (var i = 0; _ink is not null && i <= centers.Length; i++)
        {
            var from = i == 0 ? 0 : centers[i - 1] + (CharacterReach * _crop.Height);
            var to = i == centers.Length ? _crop.Width : centers[i] - (CharacterReach * _crop.Height);
            var width = from < to ? _ink.Strokes().Sum(stroke => UnreadWidth(stroke, from, to, centers)) : 0;
            count += width == 0 ? 0 : Math.Max((int)Math.Round(width / (UsualWidth * _crop.Height)), 1);
        }

        return count;
    }

    /// <summary>How much of a stroke lies in a stretch without a character; 0 where that is little.</summary>
    private double UnreadWidth((int Start, int End) stroke, double from, double to, double[] centers)
    {
        var width = Math.Min(stroke.End, to) - Math.Max(stroke.Start, from);
        var near = 0.1 * _crop.Height;
        var isRead = Array.Exists(centers, center => center >= stroke.Start - near && center <= stroke.End + near);
        return width >= (isRead ? UnreadPart : UnreadStroke) * _crop.Height ? width : 0;
    }

    private static bool IsIdeograph(string character) => Rune.GetRuneAt(character, 0).Value >= 0x2E80;
}
