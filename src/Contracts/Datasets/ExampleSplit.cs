namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Divides the rows of a training file into those to train on and those to validate with. The division is a function of the seed and of
/// the rows' contents: their order changes nothing. Each label has its share in both parts, and texts that are equal but for case, spaces
/// and punctuation go to one part. Takes less than 500 bytes a row, and lets them go.
/// </summary>
/// <param name="seed">Any number. The same one divides the same rows in the same way.</param>
/// <param name="validationShare">Part of the rows to validate with, above 0 and below 1.</param>
public sealed class ExampleSplit(long seed, double validationShare)
{
    private readonly List<(UInt128 Text, int Label)> _rows = [];
    private readonly Dictionary<string, int> _labels = new(StringComparer.Ordinal);
    private readonly double _share = validationShare is > 0 and < 1
        ? validationShare
        : throw new ArgumentOutOfRangeException(nameof(validationShare), validationShare, "The share must be above 0 and below 1.");

    /// <summary>Adds the next row.</summary>
    public void Add(string text, string label)
    {
        if (!_labels.TryGetValue(label, out var number))
        {
            _labels.Add(label, number = _labels.Count);
        }

        _rows.Add((TextFingerprint.Normalised(text, seed), number));
    }

    /// <summary>Divides the rows that were added.</summary>
    /// <returns>For each row, in the order of <see cref="Add"/>, whether it is for validation.</returns>
    /// <remarks>
    /// A label gets <c>round(rows × share)</c> rows for validation, at least one and at most all but one text, more or fewer only where
    /// texts repeat. A label with one text goes to training. A text with several labels counts for the first of them in ordinal order.
    /// </remarks>
    public bool[] Divide()
    {
        var order = new int[_labels.Count];
        foreach (var (place, label) in _labels.Keys.Order(StringComparer.Ordinal).Index())
        {
            order[_labels[label]] = place;
        }

        Dictionary<UInt128, (int Label, int Rows)> texts = [];
        foreach (var (text, label) in _rows)
        {
            texts[text] = texts.TryGetValue(text, out var known)
                ? (Math.Min(known.Label, order[label]), known.Rows + 1)
                : (order[label], 1);
        }

        HashSet<UInt128> validation = [];
        foreach (var label in texts.GroupBy(text => text.Value.Label))
        {
            validation.UnionWith(Choose([.. label.Select(text => (text.Key, text.Value.Rows)).OrderBy(text => text.Key)]));
        }

        return [.. _rows.Select(row => validation.Contains(row.Text))];
    }

    /// <summary>The texts of one label that are for validation: the first in the order of their hashes.</summary>
    private IEnumerable<UInt128> Choose(List<(UInt128 Text, int Rows)> texts)
    {
        var wanted = Math.Max(1, Math.Round(texts.Sum(text => (long)text.Rows) * _share, MidpointRounding.AwayFromZero));
        var taken = 0L;
        foreach (var (text, rows) in texts.Take(texts.Count - 1))
        {
            if (taken >= wanted)
            {
                yield break;
            }

            taken += rows;
            yield return text;
        }
    }
}
