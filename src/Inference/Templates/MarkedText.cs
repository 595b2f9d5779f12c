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
        IsFromTemplate = Array.TrueForAll(segments, s => s.FromTemplate);
    }

    public static MarkedText Empty { get; } = new([]);

    public string Text { get; }

    /// <summary>UTF-16 units.</summary>
    public int Length => Text.Length;

    public IReadOnlyList<TextSegment> Segments => _segments;

    public bool IsFromTemplate { get; }

    public static MarkedText FromTemplate(string text) => text.Length == 0 ? Empty : new([new TextSegment(text, true)]);

    public static MarkedText FromCaller(string text) => text.Length == 0 ? Empty : new([new TextSegment(text, false)]);

    /// <summary>The result of an operation on this text: as trustworthy as all of its input.</summary>
    public MarkedText With(string text) => IsFromTemplate ? FromTemplate(text) : FromCaller(text);

    public MarkedText Trim(bool start, bool end, TemplateBudget budget)
    {
        budget.ChargeText(Length);
        var first = start ? Text.Length - Text.TrimStart().Length : 0;
        var last = end ? Text.TrimEnd().Length : Text.Length;
        return Slice(first, Math.Max(last - first, 0), budget);
    }

    public MarkedText Slice(int start, int length, TemplateBudget budget)
    {
        if (start == 0 && length == Length)
        {
            return this;
        }

        budget.Charge(_segments.Length);
        var builder = new MarkedTextBuilder(budget);
        foreach (var segment in _segments)
        {
            var from = Math.Clamp(start, 0, segment.Text.Length);
            var to = Math.Clamp(start + length, from, segment.Text.Length);
            builder.Append(segment.Text[from..to], segment.FromTemplate);
            start -= segment.Text.Length;
        }

        return builder.ToText();
    }

    public static MarkedText Join(TemplateBudget budget, params ReadOnlySpan<MarkedText> parts)
    {
        var builder = new MarkedTextBuilder(budget);
        foreach (var part in parts)
        {
            builder.Append(part);
        }

        return builder.ToText();
    }

    public override string ToString() => Text;

    internal static MarkedText FromSegments(TextSegment[] segments) => segments.Length == 0 ? Empty : new(segments);
}

/// <summary>Collects marked text; charges for it and refuses more than an output may have.</summary>
internal sealed class MarkedTextBuilder(TemplateBudget budget)
{
    private readonly List<TextSegment> _segments = [];
    private readonly StringBuilder _open = new();
    private bool _openFromTemplate;
    private int _length;

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

        if (text.Length > budget.MostOutput - _length)
        {
            throw new TemplateException($"The template's output is longer than {budget.MostOutput} characters.");
        }

        budget.ChargeText(text.Length);
        budget.Allocate(2L * text.Length);
        _length += text.Length;
        if (fromTemplate != _openFromTemplate)
        {
            Close();
            _openFromTemplate = fromTemplate;
        }

        _open.Append(text);
    }

    /// <summary>What was collected. Nothing can be appended afterwards.</summary>
    public MarkedText ToText()
    {
        Close();
        return budget.Made(MarkedText.FromSegments([.. _segments]));
    }

    private void Close()
    {
        if (_open.Length > 0)
        {
            budget.Allocate(40);
            _segments.Add(new TextSegment(_open.ToString(), _openFromTemplate));
            _open.Clear();
        }
    }
}
