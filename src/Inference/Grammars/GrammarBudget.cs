using System.Runtime.CompilerServices;
using System.Text;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// Bounds on what compiling one request's grammar may use: its source, states, nodes, steps and time. One budget serves all steps of one
/// compilation, on one thread at a time. Its time begins when it is made.
/// </summary>
internal sealed class GrammarBudget(TimeProvider clock)
{
    private const int StepsBetweenLooks = 512;
    private readonly long _began = clock.GetTimestamp();
    private int _states;
    private int _nodes;
    private int _sinceLook;
    private int _attempt = int.MaxValue;

    public GrammarBudget()
        : this(TimeProvider.System)
    {
    }

    /// <summary>Most bytes of what the client wrote. Default 262,144 bytes.</summary>
    public int SourceBytes { get; init; } = 256 * 1024;

    /// <summary>Most states of all automata together. Default 200,000.</summary>
    public int States { get; init; } = 200_000;

    /// <summary>Most nodes of the expressions and nondeterministic automata on the way. Default 1,000,000.</summary>
    public int Nodes { get; init; } = 1_000_000;

    /// <summary>Most steps of work, which are the same on every machine and under any load. Default 25,000,000: about 2 s of an idle
    /// processor.</summary>
    public long Steps { get; init; } = 25_000_000;

    /// <summary>Most time, for a machine that is too busy for the steps. Default 10 s.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Steps up to now.</summary>
    public long Spent { get; private set; }

    /// <exception cref="GrammarTooLargeException">The source is longer than <see cref="SourceBytes"/>.</exception>
    public void CheckSource(string source)
    {
        var length = Encoding.UTF8.GetByteCount(source);
        if (length > SourceBytes)
        {
            throw new GrammarTooLargeException($"The source has {length:N0} bytes; at most {SourceBytes:N0} are compiled.");
        }
    }

    /// <exception cref="GrammarTooLargeException">There are more than <see cref="States"/>.</exception>
    public void TakeStates(int count)
    {
        if (count > Math.Min(States, _attempt) - _states)
        {
            throw new GrammarTooLargeException($"It needs more than {States:N0} states of an automaton.");
        }

        _states += count;
    }

    /// <exception cref="GrammarTooLargeException">There are more than <see cref="Nodes"/>.</exception>
    public void TakeNodes(int count)
    {
        if (count > Nodes - _nodes)
        {
            throw new GrammarTooLargeException($"It needs more than {Nodes:N0} nodes when its repetitions are written out.");
        }

        _nodes += count;
    }

    /// <summary>Counts steps of work; looks at the clock every few hundred.</summary>
    /// <exception cref="GrammarTooLargeException">They are more than <see cref="Steps"/>, or took longer than
    /// <see cref="Time"/>.</exception>
    public void Work(int steps)
    {
        Spent += steps;
        _sinceLook += steps;
        if (_sinceLook >= StepsBetweenLooks)
        {
            Look();
        }
    }

    /// <summary>Looks whether work may go on.</summary>
    /// <inheritdoc cref="Work" path="/exception"/>
    public void Look()
    {
        _sinceLook = 0;
        if (Spent > Steps)
        {
            throw new GrammarTooLargeException($"Compiling it takes more than {Steps:N0} steps.");
        }

        if (clock.GetElapsedTime(_began) > Time)
        {
            throw new GrammarTooLargeException($"Compiling it takes longer than {Time.TotalSeconds:0.###} s.");
        }
    }

    /// <summary>Called by each method that calls itself for the parts of what the client wrote.</summary>
    /// <exception cref="GrammarTooLargeException">It is nested so deeply that the thread's stack would end.</exception>
    public static void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new GrammarTooLargeException("It is nested too deeply.");
        }
    }

    /// <summary>
    /// Begins one of several attempts at a grammar: counts from what was taken before them, with a bound of its own on the states.
    /// Time runs on.
    /// </summary>
    public void Attempt((int States, int Nodes) before, int states)
    {
        (_states, _nodes) = before;
        _attempt = Math.Min(states, States);
    }

    /// <summary>States and nodes taken up to now.</summary>
    public (int States, int Nodes) Taken => (_states, _nodes);
}
