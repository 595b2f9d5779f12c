namespace Tollgate.Inference.Generation;

/// <summary>The choices that a decode step can run: each part has those before it too.</summary>
internal enum SlotPart
{
    /// <summary>Of organizations that hold few rows.</summary>
    Quiet = 0,

    /// <summary>Of all live traffic.</summary>
    Standard = 1,

    /// <summary>Batches too.</summary>
    All = 2,
}

/// <summary>
/// Who sits in which row of the engine. Choices that generate are packed in rows 0 to <see cref="Decoding"/> − 1 in the order of their
/// parts, because only the first rows of an engine are a step; choices whose prompt is being read sit anywhere behind. The scheduler's
/// thread alone.
/// </summary>
internal sealed class SlotTable(IDecoderEngine engine)
{
    private readonly Choice?[] _rows = new Choice?[engine.Rows];
    private readonly int[] _ends = new int[(int)SlotPart.All + 1];

    /// <summary>Most choices at once: one row stays free to move through.</summary>
    public int Slots => _rows.Length - 1;

    /// <summary>Choices that generate.</summary>
    public int Decoding => End(SlotPart.All);

    /// <summary>Choices in rows.</summary>
    public int Taken { get; private set; }

    public Choice this[int row] => _rows[row] ?? throw new InvalidOperationException("The row is free.");

    /// <summary>Row after the last one of a part: a step of so many rows runs the part alone.</summary>
    public int End(SlotPart part) => _ends[(int)part];

    /// <summary>Choices whose prompt is being read.</summary>
    public int Prefilling => Taken - Decoding;

    /// <summary>All choices, those that generate first; null for a free row.</summary>
    public ReadOnlySpan<Choice?> Rows => _rows;

    /// <summary>All choices in rows.</summary>
    public IEnumerable<Choice> All => _rows.OfType<Choice>();

    /// <summary>Whether any choice in a row is so.</summary>
    public bool Any(Func<Choice, bool> isSo)
    {
        foreach (var choice in _rows)
        {
            if (choice is not null && isSo(choice))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Puts a choice whose prompt must be read into the last free row.</summary>
    public void Place(Choice choice)
    {
        if (Taken == Slots)
        {
            throw new InvalidOperationException("All slots are taken.");
        }

        Put(choice, Array.LastIndexOf(_rows, null));
        Taken++;
    }

    /// <summary>Puts a choice beside its sibling, whose first <paramref name="tokens"/>
    /// tokens become its own. It generates from now on.</summary>
    public void PlaceCopy(Choice choice, Choice sibling, int tokens)
    {
        Place(choice);
        engine.Copy(sibling.Row, choice.Row, tokens);
        choice.Cached = tokens;
        Promote(choice);
    }

    /// <summary>Puts choices that hold nothing yet side by side, in the rows behind those that generate.</summary>
    public void Gather(IReadOnlyList<Choice> choices)
    {
        for (var i = 0; i < choices.Count; i++)
        {
            var (choice, row) = (choices[i], Decoding + i);
            var from = choice.Row;
            if (from == row)
            {
                continue;
            }

            _rows[from] = null;
            if (_rows[row] is { } other)
            {
                Move(other, from);
            }

            Put(choice, row);
        }
    }

    /// <summary>A choice whose prompt is read joins those that generate, as the last of its part: of each later part the first one moves
    /// to its end.</summary>
    public void Promote(Choice choice)
    {
        var hole = Decoding;
        if (_rows[hole] is { } other && (other != choice || End(choice.Part) < hole))
        {
            Move(other, Array.LastIndexOf(_rows, null));
        }

        for (var part = SlotPart.All; part > choice.Part; part--)
        {
            hole = Fill(hole, End(part - 1));
            _ends[(int)part]++;
        }

        _ends[(int)choice.Part]++;
        if (choice.Row != hole)
        {
            Move(choice, hole);
        }
    }

    /// <summary>Takes a choice out; the last one of its part, and of each later part, move into the holes.</summary>
    public void Leave(Choice choice)
    {
        var hole = choice.Row;
        var generates = hole < Decoding;
        _rows[hole] = null;
        choice.Row = -1;
        Taken--;
        for (var part = choice.Part; generates && part <= SlotPart.All; part++)
        {
            hole = Fill(hole, --_ends[(int)part]);
        }

        engine.Release(hole);
    }

    /// <summary>Moves who sits in <paramref name="from"/> into a hole; returns where the hole is then.</summary>
    private int Fill(int hole, int from)
    {
        if (hole != from)
        {
            Move(this[from], hole);
        }

        return from;
    }

    private void Move(Choice choice, int to)
    {
        var from = choice.Row;
        if (choice.Cached > 0)
        {
            engine.Copy(from, to, choice.Cached);
        }

        _rows[from] = null;
        engine.Release(from);
        Put(choice, to);
    }

    private void Put(Choice choice, int row)
    {
        _rows[row] = choice;
        choice.Row = row;
    }
}
