namespace Tollgate.Inference.Grammars;

/// <summary>A deterministic automaton as a list of edges; state 0 is the start.</summary>
/// <param name="Accepting">Of each state, whether a text may end there.</param>
/// <param name="Edges">At most one for each state and label.</param>
/// <param name="Starts">Class i holds the bytes <c>Starts[i]</c> to <c>Starts[i + 1] - 1</c>; the last entry is 256.</param>
/// <param name="Calls">Labels below the number of classes are classes; a label above is the rule <c>Calls[label - classes]</c>.</param>
internal sealed record EdgeList(
    bool[] Accepting, List<(int From, int Label, int To)> Edges, IReadOnlyList<int> Starts, IReadOnlyList<int> Calls)
{
    /// <summary>Number of states.</summary>
    public int Count => Accepting.Length;

    /// <summary>Number of classes of bytes.</summary>
    public int Classes => Starts.Count - 1;
}
