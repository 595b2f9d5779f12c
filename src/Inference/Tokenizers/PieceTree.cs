namespace Tollgate.Inference.Tokenizers;

/// <summary>Pieces of text by their bytes: finds all pieces that a text begins with. Immutable, so thread-safe.</summary>
/// <remarks>A tree of bytes whose nodes lie level by level, the children of a node side by side in order. About 10 bytes a node.</remarks>
internal sealed class PieceTree
{
    private readonly byte[] _labels;
    private readonly int[] _children;
    private readonly int[] _values;

    /// <param name="pieces">UTF-8 and value of each piece; of equal ones the first counts. None is empty.</param>
    public PieceTree(IEnumerable<(byte[] Bytes, int Value)> pieces)
    {
        (byte[] Bytes, int Value)[] sorted = [.. pieces.OrderBy(piece => piece.Bytes, Comparer<byte[]>.Create(
            (left, right) => left.AsSpan().SequenceCompareTo(right)))];
        var (labels, children, values) = (new List<byte> { 0 }, new List<int> { 1 }, new List<int> { -1 });
        var level = new List<(int First, int Count)> { (0, sorted.Length) }; // The pieces below each node of the level.
        for (var depth = 0; level.Count > 0; depth++)
        {
            var next = new List<(int First, int Count)>();
            foreach (var (first, count) in level)
            {
                AddChildren(sorted.AsSpan(first, count), first, depth, next);
                children.Add(labels.Count); // The end of this node's children is the start of the next node's.
            }

            level = next;
        }

        (_labels, _children, _values) = ([.. labels], [.. children], [.. values]);

        void AddChildren(ReadOnlySpan<(byte[] Bytes, int Value)> below, int first, int depth, List<(int First, int Count)> next)
        {
            for (var start = 0; start < below.Length;)
            {
                if (below[start].Bytes.Length == depth)
                {
                    start++; // The node itself.
                    continue;
                }

                var (label, end) = (below[start].Bytes[depth], start);
                while (end < below.Length && below[end].Bytes[depth] == label)
                {
                    end++;
                }

                labels.Add(label);
                values.Add(below[start].Bytes.Length == depth + 1 ? below[start].Value : -1);
                next.Add((first + start, end - start));
                start = end;
            }
        }
    }

    /// <summary>The node of the empty text.</summary>
    public static int Root => 0;

    /// <summary>The node one byte further; -1 where no piece goes on so.</summary>
    public int Step(int node, byte next)
    {
        var (low, high) = (_children[node], _children[node + 1] - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_labels[middle] == next)
            {
                return middle;
            }

            (low, high) = _labels[middle] < next ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    /// <summary>Value of the piece that ends at a node; -1 where none does.</summary>
    public int ValueAt(int node) => _values[node];
}
