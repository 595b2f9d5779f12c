namespace Tollgate.Inference.Grammars;

/// <summary>Writes a repetition out into a nondeterministic automaton.</summary>
internal static class Repetition
{
    /// <param name="most">Null is without an upper bound.</param>
    /// <param name="item">Adds the item as ways from its first argument to its second.</param>
    public static void Add(Nfa nfa, int least, int? most, int from, int to, Action<int, int> item)
    {
        var at = nfa.AddState();
        nfa.AddEmpty(from, at);
        for (var i = 0; i < least; i++)
        {
            var next = nfa.AddState();
            item(at, next);
            at = next;
        }

        if (most is null)
        {
            // A state of its own, so that the loop cannot be entered again from the item's inside.
            var loop = nfa.AddState();
            var end = nfa.AddState();
            nfa.AddEmpty(at, loop);
            item(loop, end);
            nfa.AddEmpty(end, loop);
            nfa.AddEmpty(loop, to);
            return;
        }

        for (var i = least; i < most; i++)
        {
            var next = nfa.AddState();
            nfa.AddEmpty(at, to);
            item(at, next);
            at = next;
        }

        nfa.AddEmpty(at, to);
    }
}
