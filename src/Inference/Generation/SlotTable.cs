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

    /// <summary>Those of them that are <see cref="Choice.Light"/>: they sit in the first rows, so that a step can run them
    /// alone.</summary>
    public int Light { get; private set; }

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

    /// <summary>A choice whose prompt is read joins those that generate: a light one behind the light ones, any other at their
    /// end.</summary>
    public void Promote(Choice choice)
    {
        if (_rows[Decoding] is { } other && other != choice)
        {
            Move(other, Array.LastIndexOf(_rows, null));
        }

        if (choice.Light && Light < Decoding)
        {
            if (choice.Row == Decoding)
            {
                Move(choice, Array.LastIndexOf(_rows, null));
            }

            Move(this[Light], Decoding);
            Move(choice, Light);
        }
        else if (choice.Row != Decoding)
        {
            Move(choice, Decoding);
        }

        Decoding++;
        Light += choice.Light ? 1 : 0;
    }

    /// <summary>Takes a choice out; the last light one, and the last one that generates, move into the holes.</summary>
    public void Leave(Choice choice)
    {
        var hole = choice.Row;
        _rows[hole] = null;
        choice.Row = -1;
        Taken--;
        if (hole >= Decoding)
        {
            arena.Release(hole);
            return;
        }

        if (hole < Light)
        {
            hole = Fill(hole, --Light);
        }

        arena.Release(Fill(hole, --Decoding));
    }

    /// <summary>Moves who sits in <paramref name="last"/> into a hole before it; returns where the hole is then.</summary>
    private int Fill(int hole, int last)
    {
        if (hole != last)
        {
            Move(this[last], hole);
        }

        return last;
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
