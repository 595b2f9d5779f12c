namespace Tollgate.Inference.Grammars;

/// <summary>A counted repetition. Its automaton is that of one item; frames in it count the items that are whole.</summary>
/// <param name="Start">The state before the first item; no edge leads back to it.</param>
/// <param name="Least">Fewest items.</param>
/// <param name="Most">Most items; null is without a bound.</param>
internal sealed record CountedLoop(int Start, int Least, int? Most)
{
    /// <summary>
    /// The smallest count that allows the same for the next <paramref name="window"/> bytes: far from both bounds a count does not
    /// matter. An item has a byte at least, so a token of that many bytes ends that many items at most.
    /// </summary>
    public int Alike(int count, int window)
    {
        if (Most is { } most && most - (long)count <= window)
        {
            return count;
        }

        // Above the lower bound only the distance to the upper one matters, and that is far; far below it neither does.
        return count >= Least ? Least : Least - (long)count <= window ? count : 0;
    }
}
