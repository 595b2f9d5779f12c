using System.Text;

namespace Tollgate.Inference.Templates;

/// <summary>A run of text and whether a template's author wrote it. Only such text may become control tokens.</summary>
public readonly record struct TextSegment(string Text, bool FromTemplate);

/// <summary>Text that remembers which of its parts came from a template and which from a caller. Immutable.</summary>
/// <remarks>
/// Joining and trimming keep the parts apart. Any other operation gives text that counts as the caller's as soon as one part of its input
/// is: doubt goes against control tokens.
/// </remarks>
internal sealed class MarkedText
{
    private readonly TextSegment[] _segments;

    private MarkedText(TextSegment[] segments)
    {
        _segments = segments;
        Text = segments.Length == 1 ? segments[0].Text : string.Concat(segments.Select(s => s.Text));
    }

    public static MarkedText Empty { get; } = new([]);

    public string Text { get; }

    public IReadOnlyList<TextSegment> Segments => _segments;

    public bool IsFromTemplate => Array.TrueForAll(_segments, s => s.FromTemplate);

    public static MarkedText FromTemplate(string text) => text.Length == 0 ? Empty : new([new TextSegment(text, true)]);

    public static MarkedText FromCaller(string text) => text.Length == 0 ? Empty : new([new TextSegment(text, false)]);

    /// <summary>The result of an operation on this text: as trustworthy as all of its input.</summary>
    public MarkedText With(string text) => IsFromTemplate ? FromTemplate(text) : FromCaller(text);

    public MarkedText Trim(bool start, bool end)
    {
        var first = start ? Text.Length - Text.TrimStart().Length : 0;
        var last = end ? Text.TrimEnd().Length : Text.Length;
        return Slice(first, Math.Max(last - first, 0));
    }

    public MarkedText Slice(int start, int length)
    {
        var builder = new MarkedTextBuilder(int.MaxValue);
        foreach (var segment in _segments)
        {
            var from = Math.Clamp(start, 0, segment.Text.Length);
            var to = Math.Clamp(start + length, from, segment.Text.Length);
            builder.Append(segment.Text[from..to], segment.FromTemplate);
            start -= segment.Text.Length;
        }

        return builder.ToText();
    }

    public static MarkedText Join(params ReadOnlySpan<MarkedText> parts)
    {
        var builder = new MarkedTextBuilder(int.MaxValue);
        foreach (var part in parts)
        {
            builder.Append(part);
        }

        return builder.ToText();
    }

    public override string ToString() => Text;

    internal static MarkedText FromSegments(TextSegment[] segments) => segments.Length == 0 ? Empty : new(segments);
}

/// <summary>Collects marked text up to a limit.</summary>
/// <param name="most">Most UTF-16 units.</param>
internal sealed class MarkedTextBuilder(int most)
{
    private readonly List<TextSegment> _segments = [];
    private readonly StringBuilder _open = new();
    private bool _openFromTemplate;

    public int Length { get; private set; }

    public void Append(MarkedText text)
    {
        foreach (var segment in text.Segments)
        {
            Append(segment.Text, segment.FromTemplate);
        }
    }

    /// <exception cref="TemplateException">The limit is passed.</exception>
    public void Append(string text, bool fromTemplate)
    {
        if (text.Length == 0)
        {
            return;
        }

        Length = checked(Length + text.Length);
        if (Length > most)
        {
            throw new TemplateException($"The template's output is longer than {most} characters.");
        }

        if (fromTemplate != _openFromTemplate)
        {
            Close();
            _openFromTemplate = fromTemplate;
        }

        _open.Append(text);
    }

    public MarkedText ToText()
    {
        Close();
        return MarkedText.FromSegments([.. _segments]);
    }

    private void Close()
    {
        if (_open.Length > 0)
        {
            _segments.Add(new TextSegment(_open.ToString(), _openFromTemplate));
            _open.Clear();
        }
    }
}
