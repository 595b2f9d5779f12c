using System.Runtime.CompilerServices;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// A grammar as a pushdown automaton: automata over bytes whose states may also call an automaton and go on behind its text.
/// States are numbered over all automata. Immutable and thread-safe; its masks are shared by all generations.
/// </summary>
internal sealed class CompiledGrammar
{
    /// <summary>The state has no loop.</summary>
    public const int NoLoop = -1;

    private readonly ConditionalWeakTable<TokenVocabulary, MaskCache> _masks = [];
    private readonly PushdownTables _tables;

    internal CompiledGrammar(PushdownTables tables) => _tables = tables;

    /// <summary>Number of states of all automata.</summary>
    public int States => _tables.Accepting.Length;

    /// <summary>Number of automata; 1 where nothing is called.</summary>
    public int Automata => _tables.Automata;

    /// <summary>Fewest bytes of a whole text.</summary>
    public long FewestBytes => ToExit(_tables.Start, 0);

    /// <summary>Of each byte, its class: bytes of one class have the same edges in every state.</summary>
    internal ReadOnlySpan<byte> Classes => _tables.Classes;

    /// <summary>Number of classes of bytes.</summary>
    internal int ClassCount => _tables.ClassCount;

    /// <summary>The state in which a text begins.</summary>
    internal int Start => _tables.Start;

    /// <exception cref="GrammarException">The grammar contradicts itself; the message names the rule.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static CompiledGrammar Compile(Grammar grammar, GrammarBudget budget) => GrammarCompiler.Compile(grammar, budget);

    /// <summary>The masks of this grammar over a vocabulary, made at the first call.</summary>
    internal MaskCache MasksFor(TokenVocabulary vocabulary) => _masks.GetValue(vocabulary, tokens => new MaskCache(this, tokens));

    /// <summary>The edges of a state, by their bytes.</summary>
    internal ReadOnlySpan<ByteEdge> Edges(int state) => _tables.Edges.AsSpan(_tables.FirstEdge[state].._tables.FirstEdge[state + 1]);

    /// <summary>The automata that a state calls.</summary>
    internal ReadOnlySpan<PushdownCall> Calls(int state) => _tables.Calls.AsSpan(_tables.FirstCall[state].._tables.FirstCall[state + 1]);

    /// <summary>Whether nothing but the end of its automaton follows a state: a call that returns there needs no frame.</summary>
    internal bool IsTail(int state) => _tables.Tail[state];

    /// <summary>The counted repetition whose item a state belongs to; null for every other state.</summary>
    internal CountedLoop? LoopOf(int state) => _tables.LoopOf[state] == NoLoop ? null : _tables.Loops[_tables.LoopOf[state]];

    /// <summary>Whether the automaton may end in a state.</summary>
    /// <param name="count">Items of the loop that are whole.</param>
    internal bool CanExit(int state, int count)
    {
        var loop = LoopOf(state);
        if (loop is null)
        {
            return _tables.Accepting[state];
        }

        return state == loop.Start ? loop.Least == 0 : _tables.Accepting[state] && count + 1 >= loop.Least;
    }

    /// <summary>Whether another item may begin in a state of a loop.</summary>
    internal bool CanRepeat(CountedLoop loop, int state, int count) =>
        _tables.Accepting[state] && (loop.Most is null || count + 1 < loop.Most);

    /// <summary>Fewest bytes to the end of the state's automaton.</summary>
    internal long ToExit(int state, int count)
    {
        var loop = LoopOf(state);
        if (loop is null)
        {
            return _tables.ToExit[state];
        }

        return state == loop.Start && loop.Least == 0
            ? 0
            : _tables.ToExit[state] + (Math.Max(0L, loop.Least - (count + 1L)) * _tables.ToExit[loop.Start]);
    }
}
