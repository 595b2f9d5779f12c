namespace Tollgate.Inference.Generation;

/// <summary>
/// Who sits in which row of the arena. Choices that generate are packed in rows 0 to <see cref="Decoding"/> − 1, because only the first
/// rows of the arena are a tensor; choices whose prompt is being read sit anywhere behind. The scheduler's thread alone.
/// </summary>
internal sealed class SlotTable(KeyValueArena arena)
{
    private readonly Choice?[] _rows = new Choice?[arena.Rows];

    /// <summary>Most choices at once: one row stays free to move through.</summary>
    public int Slots => _rows.Length - 1;

    /// <summary>Choices that generate.</summary>
    public int Decoding { get; private set; }

    /// <summary>Choices in rows.</summary>
    public int Taken { get; private set; }

    public Choice this[int row] => _rows[row] ?? throw new InvalidOperationException("The row is free.");

    /// <summary>Choices whose prompt is being read.</summary>
    public IEnumerable<Choice> Prefilling => _rows.Skip(Decoding).OfType<Choice>();

    /// <summary>All choices in rows.</summary>
    public IEnumerable<Choice> All => _rows.OfType<Choice>();

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
        arena.Copy(sibling.Row, choice.Row, tokens);
        choice.Cached = tokens;
        Promote(choice);
    }

    /// <summary>A choice whose prompt is read joins those that generate.</summary>
    public void Promote(Choice choice)
    {
        var row = Decoding;
        if (choice.Row != row)
        {
            if (_rows[row] is { } other)
            {
                Move(other, Array.LastIndexOf(_rows, null));
            }

            Move(choice, row);
        }

        Decoding++;
    }

    /// <summary>Takes a choice out; the last one that generates moves into its hole.</summary>
    public void Leave(Choice choice)
    {
        var row = choice.Row;
        _rows[row] = null;
        choice.Row = -1;
        Taken--;
        if (row >= Decoding)
        {
            arena.Release(row);
            return;
        }

        Decoding--;
        if (row != Decoding)
        {
            Move(this[Decoding], row);
        }
        else
        {
            arena.Release(row);
        }
    }

    private void Move(Choice choice, int to)
    {
        var from = choice.Row;
        arena.Copy(from, to, choice.Cached);
        _rows[from] = null;
        arena.Release(from);
        Put(choice, to);
    }

    private void Put(Choice choice, int row)
    {
        _rows[row] = choice;
        choice.Row = row;
    }
}
