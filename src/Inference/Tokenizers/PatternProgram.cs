namespace Tollgate.Inference.Tokenizers;

/// <summary>A regular expression as steps of a machine that tries one way after the other.</summary>
internal sealed class PatternProgram
{
    private const int MostSteps = 1_024;

    /// <summary>A search may note a bit for each at each place of a text.</summary>
    private const int MostForks = 128;

    private const int MostLookSteps = 64;
    private const int LongestLook = 4;

    private readonly string _source;
    private readonly List<Step> _steps = [];

    private PatternProgram(string source) => _source = source;

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>Places of steps that may be reached in many ways; each has a number of its own.</summary>
    public int Forks { get; private set; }

    /// <exception cref="FormatException">The expression is malformed, too large, or uses what is not supported.</exception>
    public static PatternProgram Compile(string source)
    {
        var program = new PatternProgram(source);
        program.Add(PatternParser.Parse(source));
        program.Emit(new Step(StepKind.Accept));
        program.Forks = program._steps.Max(step => step.Fork) + 1;
        return program.Forks <= MostForks ? program : throw program.TooLarge();
    }

    private void Add(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                Emit(new Step(StepKind.One, one.Set));
                break;
            case PatternNode.Chain chain:
                foreach (var part in chain.Parts)
                {
                    Add(part);
                }

                break;
            case PatternNode.Either either:
                AddEither(either);
                break;
            case PatternNode.Repeated repeated:
                AddRepeated(repeated);
                break;
            case PatternNode.Look look:
                AddLook(look);
                break;
            case PatternNode.Anchor anchor:
                Emit(new Step(StepKind.Anchor, Anchor: anchor.Kind));
                break;
        }
    }

    private void AddEither(PatternNode.Either either)
    {
        var ends = new List<int>();
        for (var i = 0; i < either.Parts.Count; i++)
        {
            if (i == either.Parts.Count - 1)
            {
                Add(either.Parts[i]);
                break;
            }

            var fork = EmitFork();
            Add(either.Parts[i]);
            ends.Add(Emit(new Step(StepKind.Jump)));
            Point(fork, fork + 1, _steps.Count);
        }

        foreach (var end in ends)
        {
            _steps[end] = _steps[end] with { First = _steps.Count };
        }
    }

    private void AddRepeated(PatternNode.Repeated repeated)
    {
        for (var i = 0; i < repeated.Least; i++)
        {
            Add(repeated.Part);
        }

        if (repeated.Most is not { } most)
        {
            AddEndless(repeated);
            return;
        }

        var forks = new List<int>();
        for (var i = repeated.Least; i < most; i++)
        {
            if (repeated.Greed == Greed.All)
            {
                Emit(new Step(StepKind.TakeOne, ((PatternNode.One)repeated.Part).Set));
                continue;
            }

            forks.Add(EmitFork());
            Add(repeated.Part);
        }

        foreach (var fork in forks)
        {
            PointBy(repeated.Greed, fork, fork + 1, _steps.Count);
        }
    }

    private void AddEndless(PatternNode.Repeated repeated)
    {
        if (repeated.Part is PatternNode.One one && repeated.Greed != Greed.Least)
        {
            var kind = repeated.Greed == Greed.All ? StepKind.TakeRun : StepKind.Run;
            Emit(new Step(kind, one.Set, Fork: NextFork()));
            return;
        }

        var fork = EmitFork();
        Add(repeated.Part);
        Emit(new Step(StepKind.Jump, First: fork));
        PointBy(repeated.Greed, fork, fork + 1, _steps.Count);
    }

    /// <summary>What a place is compared with is short: a long one would be read again at every place.</summary>
    private void AddLook(PatternNode.Look look)
    {
        if (look.Part.Longest is null or > LongestLook || (look.IsBehind && look.Part.Longest != look.Part.Shortest))
        {
            throw new FormatException(
                $"The tokenizer's expression '{_source}' looks ahead at more than {LongestLook} characters, or behind at a number of them "
                + "that varies, which is not supported.");
        }

        var at = Emit(new Step(StepKind.Look, First: look.IsBehind ? look.Part.Shortest : -1, IsNegative: look.IsNegative));
        Add(look.Part);
        Emit(new Step(StepKind.Accept));
        if (_steps.Count - at > MostLookSteps)
        {
            throw TooLarge();
        }

        _steps[at] = _steps[at] with { Second = _steps.Count };
    }

    private int EmitFork() => Emit(new Step(StepKind.Fork, Fork: NextFork()));

    private int NextFork() => _steps.Count == 0 ? 0 : _steps.Max(step => step.Fork) + 1;

    private int Emit(Step step)
    {
        _steps.Add(step);
        return _steps.Count <= MostSteps ? _steps.Count - 1 : throw TooLarge();
    }

    private FormatException TooLarge() => new($"The tokenizer's expression '{_source}' is too large.");

    private void PointBy(Greed greed, int fork, int into, int past) =>
        Point(fork, greed == Greed.Least ? past : into, greed == Greed.Least ? into : past);

    private void Point(int fork, int first, int second) => _steps[fork] = _steps[fork] with { First = first, Second = second };

    /// <param name="First">Where a jump goes, where a fork goes first, or how many characters a look goes back (−1: none).</param>
    /// <param name="Second">Where a fork goes else, or what follows a look.</param>
    /// <param name="Fork">−1 for steps that only one way leads to.</param>
    internal sealed record Step(
        StepKind Kind, CharacterSet? Set = null, int First = 0, int Second = 0, int Fork = -1, bool IsNegative = false,
        AnchorKind Anchor = default);

    internal enum StepKind
    {
        /// <summary>One character of the set.</summary>
        One,

        /// <summary>One character of the set if there is one.</summary>
        TakeOne,

        /// <summary>As many characters of the set as there are, or fewer.</summary>
        Run,

        /// <summary>As many characters of the set as there are.</summary>
        TakeRun,
        Jump,
        Fork,
        Look,
        Anchor,
        Accept,
    }
}
