namespace Tollgate.Inference.Grammars;

/// <summary>Moves configurations of one grammar by bytes. Not thread-safe: it keeps its lists from one step to the next.</summary>
internal sealed class Stepper(CompiledGrammar grammar)
{
    /// <summary>More ways than this to read one text end a generation.</summary>
    public const int MostStacks = 128;

    /// <summary>Most stacks that are looked at between two bytes.</summary>
    private const int MostSteps = 2_048;

    /// <summary>Most stacks that are looked at for several bytes: so many, and so many for each byte.</summary>
    private const int MostStepsInAll = 4_096;
    private const int MostStepsOfByte = 256;

    /// <summary>Up to this many a stack is looked for in the list; above it in a set.</summary>
    private const int FewStacks = 12;

    private readonly List<Frame> _seen = [];
    private readonly HashSet<Frame> _seenSet = [];
    private readonly List<Frame> _reading = [];
    private readonly Stack<Frame> _open = [];
    private bool _canEnd;
    private bool _leaves;

    /// <summary>Stacks that were looked at up to now.</summary>
    public long Steps { get; private set; }

    /// <summary>Before the first byte.</summary>
    public Configuration Begin() => Of(new Frame(grammar, grammar.Start, 0, null));

    /// <summary>Everything that is reached from a stack before the next byte; null is the end of the text.</summary>
    public Configuration Of(Frame? stack)
    {
        Clear();
        Offer(stack);
        return Close();
    }

    /// <summary>After a byte; dead where it may not follow.</summary>
    /// <exception cref="GrammarException">The grammar can be read in too many ways.</exception>
    public Configuration After(Configuration configuration, byte value)
    {
        Clear();
        foreach (var stack in configuration.Stacks)
        {
            Move(stack, stack.State, stack.Count, value);
            if (grammar.LoopOf(stack.State) is { } loop && grammar.CanRepeat(loop, stack.State, stack.Count))
            {
                Move(stack, loop.Start, Counted(loop, stack.Count), value);
            }
        }

        return Close();
    }

    /// <summary>After several bytes.</summary>
    /// <exception cref="GrammarException">The grammar can be read in too many ways.</exception>
    public Configuration After(Configuration configuration, ReadOnlySpan<byte> bytes)
    {
        var most = Steps + MostStepsInAll + ((long)MostStepsOfByte * bytes.Length);
        foreach (var value in bytes)
        {
            configuration = After(configuration, value);
            if (Steps > most)
            {
                throw new GrammarException("The grammar is too ambiguous: one token takes too many steps.");
            }
        }

        return configuration;
    }

    private void Clear()
    {
        _seen.Clear();
        _seenSet.Clear();
        _reading.Clear();
        _open.Clear();
        _canEnd = _leaves = false;
    }

    private void Move(Frame stack, int state, int count, byte value)
    {
        foreach (ref readonly var edge in grammar.Edges(state))
        {
            if (value <= edge.Last)
            {
                if (value >= edge.First)
                {
                    Offer(new Frame(grammar, edge.To, count, stack.Below));
                }

                return;
            }
        }
    }

    /// <summary>The count once another item is whole; without an upper bound it stays where the lower one is reached.</summary>
    private static int Counted(CountedLoop loop, int count) => loop.Most is null ? Math.Min(count + 1, loop.Least) : count + 1;

    private Configuration Close()
    {
        while (_open.TryPop(out var stack))
        {
            var (state, count) = (stack.State, stack.Count);
            var loop = grammar.LoopOf(state);
            var repeats = loop is not null && grammar.CanRepeat(loop, state, count);
            if (grammar.Edges(state).Length > 0 || (repeats && grammar.Edges(loop!.Start).Length > 0))
            {
                _reading.Add(stack);
            }

            if (grammar.CanExit(state, count))
            {
                Offer(stack.Below);
            }

            Call(stack, state, count);
            if (repeats)
            {
                Call(stack, loop!.Start, Counted(loop, count));
            }
        }

        if (_reading.Count > MostStacks)
        {
            throw new GrammarException($"The grammar is too ambiguous: the answer can be read in more than {MostStacks} ways.");
        }

        return new Configuration([.. _reading], _canEnd, _leaves);
    }

    private void Call(Frame stack, int state, int count)
    {
        foreach (ref readonly var call in grammar.Calls(state))
        {
            var below = grammar.IsTail(call.To) ? stack.Below : new Frame(grammar, call.To, count, stack.Below);
            Offer(new Frame(grammar, call.Start, 0, below));
        }
    }

    private void Offer(Frame? stack)
    {
        if (stack is null)
        {
            _canEnd = true;
            return;
        }

        if (ReferenceEquals(stack, Frame.Unknown))
        {
            _leaves = true;
            return;
        }

        if (IsNew(stack))
        {
            Steps++;
            _open.Push(stack);
            if (_seen.Count > MostSteps)
            {
                throw new GrammarException($"The grammar is too ambiguous: more than {MostSteps:N0} rules may begin or end at one place.");
            }
        }
    }

    private bool IsNew(Frame stack)
    {
        if (_seen.Count >= FewStacks)
        {
            if (_seenSet.Count == 0)
            {
                _seenSet.UnionWith(_seen);
            }

            if (!_seenSet.Add(stack))
            {
                return false;
            }
        }
        else
        {
            foreach (var seen in _seen)
            {
                if (Frame.AreSame(seen, stack))
                {
                    return false;
                }
            }
        }

        _seen.Add(stack);
        return true;
    }
}
