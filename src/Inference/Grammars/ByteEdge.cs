namespace Tollgate.Inference.Grammars;

/// <summary>An edge over the bytes <paramref name="First"/> to <paramref name="Last"/>.</summary>
internal readonly record struct ByteEdge(byte First, byte Last, int To)
{
    /// <summary>The edges over bytes in the order of states and bytes, neighbours that lead to one state joined.</summary>
    /// <returns>Edges of state s lie from <c>First[s]</c> to <c>First[s + 1]</c>, exclusive.</returns>
    public static (int[] First, ByteEdge[] Edges) Pack(EdgeList automaton)
    {
        var sorted = automaton.Edges.ToArray();
        Array.Sort(sorted);
        var first = new int[automaton.Count + 1];
        List<ByteEdge> edges = [];
        var at = 0;
        for (var state = 0; state < automaton.Count; state++)
        {
            first[state] = edges.Count;
            for (; at < sorted.Length && sorted[at].From == state; at++)
            {
                var (_, label, to) = sorted[at];
                if (label >= automaton.Classes)
                {
                    continue;
                }

                var (begin, end) = ((byte)automaton.Starts[label], (byte)(automaton.Starts[label + 1] - 1));
                if (edges.Count > first[state] && edges[^1].To == to && edges[^1].Last + 1 == begin)
                {
                    edges[^1] = edges[^1] with { Last = end };
                }
                else
                {
                    edges.Add(new ByteEdge(begin, end, to));
                }
            }
        }

        first[^1] = edges.Count;
        return (first, [.. edges]);
    }
}
