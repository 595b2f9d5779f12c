namespace Tollgate.Contracts.Datasets;

/// <summary>Where each text of a file stands first, by its hash: at most 72 bytes a text, and 108 while the table grows.</summary>
internal sealed class TextIndex
{
    /// <summary>Pairs of lines that are kept as examples of what was counted.</summary>
    public const int MostPairs = 20;

    /// <summary>By halves of the hash: a key of 128 bits is aligned, and costs 16 bytes more.</summary>
    private readonly Dictionary<(ulong, ulong), FirstPlace> _first = [];
    private readonly List<(long First, long Second)> _contradictions = [];

    /// <summary>Texts that stood before.</summary>
    public long Repeats { get; private set; }

    /// <summary>Lines of the first repeat; null where there is none.</summary>
    public (long First, long Second)? FirstRepeat { get; private set; }

    /// <summary>Repeats whose label is not that of the text's first place.</summary>
    public long Contradictions { get; private set; }

    /// <summary>Lines of the first contradictions.</summary>
    public IReadOnlyList<(long First, long Second)> ContradictoryLines => _contradictions;

    /// <summary>Returns whether the text is new.</summary>
    /// <param name="label">Any number that stands for the label.</param>
    public bool Add(UInt128 text, long line, int label)
    {
        var place = new FirstPlace((int)Math.Min(line, int.MaxValue), label);
        if (_first.TryAdd(Halves(text), place))
        {
            return true;
        }

        var first = _first[Halves(text)];
        Repeats++;
        FirstRepeat ??= (first.Line, line);
        if (first.Label != label)
        {
            Contradictions++;
            if (_contradictions.Count < MostPairs)
            {
                _contradictions.Add((first.Line, line));
            }
        }

        return false;
    }

    /// <returns>The line on which the text stands first; null where it stands nowhere.</returns>
    public long? Find(UInt128 text) => _first.TryGetValue(Halves(text), out var place) ? place.Line : null;

    private static (ulong, ulong) Halves(UInt128 hash) => ((ulong)(hash >> 64), (ulong)hash);

    private readonly record struct FirstPlace(int Line, int Label);
}
