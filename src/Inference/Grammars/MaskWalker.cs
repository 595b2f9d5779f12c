namespace Tollgate.Inference.Grammars;

/// <summary>
/// Walks the trie of a vocabulary with a grammar. Configurations that were met are numbered, and where they lead is remembered: inside a
/// string nearly every byte of the trie is one look into a table. Not thread-safe.
/// </summary>
internal sealed class MaskWalker(CompiledGrammar grammar, TokenVocabulary vocabulary)
{
    /// <summary>No bound on the way to the end.</summary>
    public const long NoLimit = long.MaxValue;

    private const int Dead = -1;
    private const int NotKnown = -2;

    /// <summary>Above this number the configurations of earlier walks are forgotten.</summary>
    private const int MostRemembered = 4_096;

    /// <summary>Most steps of one mask: about a second.</summary>
    private const long MostSteps = 4_000_000;

    private readonly Stepper _stepper = new(grammar);
    private readonly Dictionary<Configuration, int> _numbers = [];
    private readonly List<Configuration> _configurations = [];
    private readonly int[] _path = new int[vocabulary.LongestToken + 1];
    private readonly byte[] _classes = grammar.Classes.ToArray();
    private readonly int _classCount = grammar.ClassCount;
    private int[] _next = [];
    private long _steps;

    /// <summary>The longest way to the end, in bytes, behind any token found since the last <see cref="Begin"/>.</summary>
    public long LongestEnd { get; private set; }

    /// <summary>Whether the walker has become too large to be kept.</summary>
    public bool IsLarge => _configurations.Count > 4 * MostRemembered;

    /// <summary>Begins a mask.</summary>
    public void Begin()
    {
        LongestEnd = long.MinValue;
        _steps = 0;
        if (_configurations.Count > MostRemembered)
        {
            _configurations.Clear();
            _numbers.Clear();
        }
    }

    /// <summary>The number of a stack alone, with everything that is reached from it before a byte.</summary>
    public int Enter(Frame? stack) => Number(_stepper.Of(stack));

    /// <summary>The number of a configuration; valid until the next <see cref="Begin"/>.</summary>
    public int Number(Configuration configuration)
    {
        if (!_numbers.TryGetValue(configuration, out var number))
        {
            number = _configurations.Count;
            _numbers.Add(configuration, number);
            _configurations.Add(configuration);
            if (_next.Length < _configurations.Count * _classCount)
            {
                Array.Resize(ref _next, Math.Max(64 * _classCount, _next.Length * 2));
            }

            _next.AsSpan(number * _classCount, _classCount).Fill(NotKnown);
        }

        return number;
    }

    /// <summary>Adds the tokens below a node of the trie that may follow.</summary>
    /// <param name="start">The configuration at the node.</param>
    /// <param name="bits">Receives the tokens.</param>
    /// <param name="limit">Tokens are left out behind which the way to the end is longer.</param>
    /// <param name="level">Receives what else is to be known of one level of a stack.</param>
    /// <exception cref="GrammarException">The grammar needs too much work.</exception>
    public void Walk(int start, int node, ulong[] bits, long limit, LevelNotes? level)
    {
        var nodes = vocabulary.Nodes;
        var tokens = vocabulary.Tokens;
        var path = _path;
        path[nodes[node].Depth] = start;
        var end = nodes[node].End;
        for (var at = node + 1; at < end;)
        {
            ref readonly var here = ref nodes[at];
            var from = path[here.Depth - 1];
            var number = _next[(from * _classCount) + _classes[here.Byte]];
            if (number == NotKnown)
            {
                number = Step(from, here.Byte);
            }

            if (number == Dead)
            {
                at = here.End;
                continue;
            }

            path[here.Depth] = number;
            var configuration = _configurations[number];
            var lastToken = nodes[at + 1].FirstToken;
            if (lastToken > here.FirstToken && configuration.ToEnd <= limit)
            {
                LongestEnd = Math.Max(LongestEnd, configuration.ToEnd);
                level?.Note(tokens.AsSpan(here.FirstToken..lastToken), configuration.ToEnd);
                for (var token = here.FirstToken; token < lastToken; token++)
                {
                    bits[tokens[token] >> 6] |= 1ul << (tokens[token] & 63);
                }
            }

            if (configuration.Leaves && here.End > at + 1)
            {
                level?.Leaving.Add(at);
            }

            at = configuration.Stacks.Length == 0 ? here.End : at + 1;
        }
    }

    private int Step(int from, byte value)
    {
        var before = _stepper.Steps;
        var after = _stepper.After(_configurations[from], value);
        _steps += 1 + _stepper.Steps - before;
        if (_steps > MostSteps)
        {
            throw new GrammarException("The grammar is too ambiguous: finding the next tokens takes too many steps.");
        }

        var number = after.IsDead ? Dead : Number(after);
        _next[(from * _classCount) + _classes[value]] = number;
        return number;
    }
}
