namespace Tollgate.Contracts.Datasets;

/// <summary>Counts the good rows of a training file.</summary>
internal sealed class ExampleTally(DatasetLimits limits, Func<string, int>? countTokens)
{
    private readonly Dictionary<string, LabelTally> _labels = new(StringComparer.Ordinal);
    private readonly TextIndex _exact = new();
    private readonly TextIndex _normalised = new();
    private readonly LengthTally _characters = new();
    private readonly LengthTally _tokens = new();

    /// <summary>The label and the line of the first row, where all rows have one label; else null.</summary>
    public (string Label, long FirstLine)? OnlyLabel =>
        _labels.Count == 1 ? (_labels.Keys.First(), _labels.Values.First().FirstLine) : null;

    /// <summary>Returns false without counting the row where its label is one too many.</summary>
    public bool Add(long line, string text, string label)
    {
        if (!_labels.TryGetValue(label, out var counted))
        {
            if (_labels.Count == limits.MaxClasses)
            {
                return false;
            }

            _labels.Add(label, counted = new LabelTally(_labels.Count, line));
        }

        counted.Rows++;
        _characters.Add(Utf8Bytes.CountCharacters(text), line);
        if (countTokens is not null)
        {
            _tokens.Add(countTokens(text), line);
        }

        if (_exact.Add(TextFingerprint.Exact(text), line, counted.Index))
        {
            _normalised.Add(TextFingerprint.Normalised(text), line, counted.Index);
        }

        return true;
    }

    public ExampleStatistics Count(ExampleForm? form, IReadOnlyList<string> ignored) => new(
        form?.ToString().ToLowerInvariant(),
        [.. _labels.Select(pair => new LabelCount(pair.Key, pair.Value.Rows))],
        _characters.Count(), _tokens.Count(),
        _exact.Repeats, _exact.Contradictions, _normalised.Repeats, _normalised.Contradictions, ignored);

    public IReadOnlyList<DatasetWarning> Warn(IReadOnlyList<string> ignored) => ExampleWarnings.Of(
        [.. _labels.Select(pair => new LabelRows(pair.Key, pair.Value.Rows, pair.Value.FirstLine))], _exact, _normalised, ignored);

    private sealed class LabelTally(int index, long firstLine)
    {
        public int Index => index;

        public long FirstLine => firstLine;

        public long Rows { get; set; }
    }

    private sealed class LengthTally
    {
        private (int Length, long Line) _shortest = (int.MaxValue, 0);
        private (int Length, long Line) _longest = (-1, 0);
        private long _total;

        public void Add(int length, long line)
        {
            _shortest = length < _shortest.Length ? (length, line) : _shortest;
            _longest = length > _longest.Length ? (length, line) : _longest;
            _total += length;
        }

        public LengthStatistics? Count() => _longest.Length < 0
            ? null
            : new LengthStatistics(_shortest.Length, _shortest.Line, _longest.Length, _longest.Line, _total);
    }
}
