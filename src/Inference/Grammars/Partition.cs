namespace Tollgate.Inference.Grammars;

/// <summary>A partition of the numbers below a count. It is refined by marks: marked and other members of a block part.</summary>
internal sealed class Partition
{
    private readonly int[] _members;
    private readonly int[] _places;
    private readonly int[] _blocks;
    private readonly int[] _begins;
    private readonly int[] _ends;
    private readonly int[] _marked;
    private readonly Stack<int> _touched = [];

    /// <summary>One block of all; no block where there are no members.</summary>
    public Partition(int count)
    {
        _members = new int[count];
        _places = new int[count];
        _blocks = new int[count];
        _begins = new int[count + 1];
        _ends = new int[count + 1];
        _marked = new int[count + 1];
        for (var i = 0; i < count; i++)
        {
            _members[i] = _places[i] = i;
        }

        _ends[0] = count;
        Count = count > 0 ? 1 : 0;
    }

    /// <summary>Number of blocks.</summary>
    public int Count { get; private set; }

    /// <summary>A block for each key.</summary>
    public static Partition ByKey(int[] keys)
    {
        var partition = new Partition(keys.Length) { Count = 0 };
        Array.Sort(keys, partition._members);
        for (var i = 0; i < keys.Length; i++)
        {
            if (i == 0 || keys[i] != keys[i - 1])
            {
                partition._begins[partition.Count] = i;
                partition.Count++;
            }

            partition._ends[partition.Count - 1] = i + 1;
            partition._blocks[partition._members[i]] = partition.Count - 1;
            partition._places[partition._members[i]] = i;
        }

        return partition;
    }

    /// <summary>The block of a member.</summary>
    public int Of(int member) => _blocks[member];

    /// <summary>Whether a member is the first of its block; <see cref="Members"/> begins with it.</summary>
    public bool IsFirst(int member) => _places[member] == _begins[_blocks[member]];

    /// <summary>The members of a block. Valid until the next mark.</summary>
    public ReadOnlySpan<int> Members(int block) => _members.AsSpan(_begins[block].._ends[block]);

    /// <summary>Marks a member that is not marked.</summary>
    public void Mark(int member)
    {
        var block = _blocks[member];
        var place = _places[member];
        var to = _begins[block] + _marked[block];
        if (place < to)
        {
            return;
        }

        _members[place] = _members[to];
        _places[_members[place]] = place;
        _members[to] = member;
        _places[member] = to;
        if (_marked[block]++ == 0)
        {
            _touched.Push(block);
        }
    }

    /// <summary>Parts the marked members of each block from the others; the smaller part gets the new number. Removes the marks.</summary>
    public void Split()
    {
        while (_touched.TryPop(out var block))
        {
            var middle = _begins[block] + _marked[block];
            if (middle < _ends[block])
            {
                if (_marked[block] <= _ends[block] - middle)
                {
                    (_begins[Count], _ends[Count], _begins[block]) = (_begins[block], middle, middle);
                }
                else
                {
                    (_begins[Count], _ends[Count], _ends[block]) = (middle, _ends[block], middle);
                }

                foreach (var member in Members(Count))
                {
                    _blocks[member] = Count;
                }

                _marked[Count] = 0;
                Count++;
            }

            _marked[block] = 0;
        }
    }
}
