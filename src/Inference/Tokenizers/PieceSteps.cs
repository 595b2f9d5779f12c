using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What the pre-tokenizer of a <c>tokenizer.json</c> does: cuts a text into the pieces that a model encodes each by itself.
/// Immutable once read, so thread-safe.</summary>
internal sealed class PieceSteps
{
    private const string Signs = @"[!-/:-@\[-`{-~\p{P}]";

    private const int MostGrowth = 1 << 16;

    private readonly List<Action<CutText>> _steps = [];
    private readonly Func<string, int> _weigh;
    private bool _splits;
    private bool _drops;

    private PieceSteps(Func<string, int> weigh) => _weigh = weigh;

    /// <summary>Whether the model reads the bytes of each piece, in GPT-2's alphabet.</summary>
    public bool EndsInBytes { get; private set; }

    /// <summary>Stands for a blank; null where nothing does.</summary>
    public char? Mark { get; private set; }

    /// <summary>Whether a mark or a blank is put before a text.</summary>
    public SpaceRule Space { get; private set; }

    /// <summary>Most tokens that one byte of a text becomes by these steps.</summary>
    public int MostTokensPerByte { get; private set; } = 1;

    /// <summary>Most tokens that a text has beyond that.</summary>
    public int MostExtraTokens { get; private set; }

    /// <param name="element">Null for a text in one piece.</param>
    /// <param name="weigh">Most tokens that a text becomes which a step puts in.</param>
    /// <exception cref="FormatException">It has a step of another kind.</exception>
    public static PieceSteps Read(JsonElement? element, Func<string, int> weigh)
    {
        var steps = new PieceSteps(weigh);
        var all = new List<JsonElement>();
        if (element is { } root)
        {
            Flatten(root, all);
        }

        for (var i = 0; i < all.Count; i++)
        {
            steps.Add(all[i], isLast: i == all.Count - 1);
        }

        return steps;
    }

    public CutText Cut(string text, bool atStart)
    {
        var cut = new CutText(text, atStart);
        foreach (var step in _steps)
        {
            step(cut);
        }

        return cut;
    }

    private static void Flatten(JsonElement element, List<JsonElement> all)
    {
        if (element.GetProperty("type").GetString() != "Sequence")
        {
            all.Add(element);
            return;
        }

        TokenizerMembers.RequireOnly(element, "pre_tokenizer", "type", "pretokenizers");
        foreach (var step in element.GetProperty("pretokenizers").EnumerateArray())
        {
            Flatten(step, all);
        }
    }

    private void Add(JsonElement step, bool isLast)
    {
        var kind = step.GetProperty("type").GetString();
        switch (kind)
        {
            case "ByteLevel":
                AddByteLevel(step, isLast);
                break;
            case "Metaspace":
                AddMetaspace(step);
                break;
            case "Split":
                AddSplit(step);
                break;
            case "Punctuation":
                TokenizerMembers.RequireOnly(step, "pre_tokenizer", "type", "behavior");
                AddPattern(Signs, TokenizerMembers.Find(step, "behavior") is { } behaviour
                    ? ReadBehaviour(behaviour) : SplitBehaviour.Isolated);
                break;
            case "Digits":
                TokenizerMembers.RequireOnly(step, "pre_tokenizer", "type", "individual_digits");
                AddPattern(@"\p{N}", TokenizerMembers.Find(step, "individual_digits")?.GetBoolean() == true
                    ? SplitBehaviour.Isolated : SplitBehaviour.Contiguous);
                break;
            case "CharDelimiterSplit":
                TokenizerMembers.RequireOnly(step, "pre_tokenizer", "type", "delimiter");
                AddSplit(FindText(step.GetProperty("delimiter").GetString()!), SplitBehaviour.Removed);
                break;
            default:
                AddPlain(step, kind);
                break;
        }
    }

    /// <summary>Adds a step that has no settings.</summary>
    private void AddPlain(JsonElement step, string? kind)
    {
        TokenizerMembers.RequireOnly(step, "pre_tokenizer", "type");
        switch (kind)
        {
            case "WhitespaceSplit":
                AddSplit(FindSet(CharacterSet.Space), SplitBehaviour.Removed);
                break;
            case "BertPreTokenizer":
                AddSplit(FindSet(CharacterSet.Space), SplitBehaviour.Removed);
                AddPattern(Signs, SplitBehaviour.Isolated);
                break;
            case "Whitespace":
                AddSplit(FindSet(CharacterSet.Space), SplitBehaviour.Removed);
                AddSplit(FindSet(CharacterSet.RustWord), SplitBehaviour.Contiguous);
                break;
            default:
                throw new FormatException(
                    $"The tokenizer's pre-tokenizer '{kind}' is not supported; these are: Sequence, ByteLevel, Metaspace, Split, "
                    + "Punctuation, Digits, CharDelimiterSplit, WhitespaceSplit, Whitespace and BertPreTokenizer.");
        }
    }

    private void AddByteLevel(JsonElement step, bool isLast)
    {
        TokenizerMembers.RequireOnly(step, "pre_tokenizer", "type", "add_prefix_space", "trim_offsets", "use_regex");
        if (TokenizerMembers.Find(step, "add_prefix_space")?.GetBoolean() ?? true)
        {
            AddPrefix(" ", SpaceRule.EveryText);
            _steps.Add(cut => cut.Rewrite((piece, _) => piece[0] == ' ' ? piece : ' ' + piece));
        }

        if (TokenizerMembers.Find(step, "use_regex")?.GetBoolean() ?? true)
        {
            var rules = PreTokenizer.Find("gpt-2");
            _steps.Add(cut => cut.Split(rules));
            _splits = true;
        }

        EndsInBytes = isLast;
        if (!isLast)
        {
            Grow(2); // Each character of the alphabet may become a token for each of its bytes.
            _steps.Add(cut => cut.Rewrite((piece, _) => ByteAlphabet.Write(piece)));
        }
    }

    private void AddMetaspace(JsonElement step)
    {
        TokenizerMembers.RequireOnly(
            step, "pre_tokenizer", "type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split");
        var text = step.GetProperty("replacement").GetString()!;
        if (text.Length != 1 || char.IsSurrogate(text[0]))
        {
            throw new FormatException($"The tokenizer's mark '{text}' is not one character.");
        }

        // Files of before 2023 have add_prefix_space alone.
        var adds = TokenizerMembers.Find(step, "add_prefix_space")?.GetBoolean() ?? true;
        var scheme = TokenizerMembers.Find(step, "prepend_scheme")?.GetString() ?? (adds ? "always" : "never");
        if (scheme is not ("always" or "first" or "never") || (scheme == "first" && _splits))
        {
            throw new FormatException(
                $"The tokenizer's prepend_scheme '{scheme}' is not supported; 'always', 'never' and, for a text that was not cut before, "
                + "'first' are.");
        }

        var mark = text[0];
        Mark = mark;
        Grow(_weigh(text)); // In place of a blank.
        if (scheme != "never")
        {
            AddPrefix(text, scheme == "first" ? SpaceRule.FirstText : SpaceRule.EveryText);
        }

        _steps.Add(cut => cut.Rewrite((piece, isFirst) =>
        {
            var marked = piece.Replace(' ', mark);
            return marked[0] != mark && (scheme == "always" || (scheme == "first" && isFirst)) ? mark + marked : marked;
        }));
        if (TokenizerMembers.Find(step, "split")?.GetBoolean() ?? true)
        {
            AddSplit(FindText(text), SplitBehaviour.MergedWithNext);
        }
    }

    /// <summary>Notes that something is put before a text, or before each piece that steps before this one made.</summary>
    private void AddPrefix(string prefix, SpaceRule rule)
    {
        Space = rule;
        var weight = _weigh(prefix);
        MostExtraTokens += weight;
        // White space that was dropped between two pieces makes up for one token.
        Grow(!_splits ? 1 : _drops ? weight : 1 + weight);
    }

    private void Grow(int factor) => MostTokensPerByte = Math.Min(MostTokensPerByte * factor, MostGrowth);

    private void AddSplit(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "pre_tokenizer", "type", "pattern", "behavior", "invert");
        var (pattern, behaviour) = (step.GetProperty("pattern"), ReadBehaviour(step.GetProperty("behavior")));
        TokenizerMembers.RequireOnly(pattern, "pattern", "String", "Regex");
        var isInverse = TokenizerMembers.Find(step, "invert")?.GetBoolean() ?? false;
        if (pattern.TryGetProperty("String", out var text))
        {
            AddSplit(FindText(text.GetString()!), behaviour, isInverse);
            return;
        }

        var source = pattern.GetProperty("Regex").GetString()!;
        var isWhole = behaviour == (isInverse ? SplitBehaviour.Removed : SplitBehaviour.Isolated);
        if (isWhole && PreTokenizer.FindByExpression(source) is { } rules)
        {
            _steps.Add(cut => cut.Split(rules));
            _splits = true;
            return;
        }

        AddSplit(new SplitPattern(source).Find, behaviour, isInverse);
    }

    private void AddPattern(string source, SplitBehaviour behaviour) =>
        AddSplit(FindSet(((PatternNode.One)PatternParser.Parse(source)).Set), behaviour);

    private void AddSplit(MatchFinder find, SplitBehaviour behaviour, bool isInverse = false)
    {
        _steps.Add(cut => cut.Split(find, behaviour, isInverse));
        _drops = !_splits ? behaviour == SplitBehaviour.Removed : _drops && behaviour == SplitBehaviour.Removed;
        _splits = true;
    }

    private static MatchFinder FindSet(CharacterSet set) => (text, matches) =>
    {
        for (var at = 0; at < text.Length;)
        {
            var isIn = set.IsAt(text, at, out var length);
            if (isIn)
            {
                matches.Add(at..(at + length));
            }

            at += length;
        }
    };

    private static MatchFinder FindText(string wanted)
    {
        if (wanted.Length == 0)
        {
            throw new FormatException("The tokenizer's pre-tokenizer cuts at an empty text, which is not supported.");
        }

        return (text, matches) =>
        {
            for (var at = 0; text[at..].IndexOf(wanted, StringComparison.Ordinal) is >= 0 and var next; at += next + wanted.Length)
            {
                matches.Add((at + next)..(at + next + wanted.Length));
            }
        };
    }

    private static SplitBehaviour ReadBehaviour(JsonElement behaviour) =>
        behaviour.GetString() is { } name && Enum.TryParse<SplitBehaviour>(name, out var known) && Enum.IsDefined(known)
            && !char.IsAsciiDigit(name[0]) ? known
            : throw new FormatException($"The tokenizer's behavior '{behaviour}' is not supported.");
}

/// <summary>Where a tokenizer puts a blank before a text that has none.</summary>
internal enum SpaceRule
{
    Nowhere,

    /// <summary>Before the text alone that begins what is encoded.</summary>
    FirstText,

    /// <summary>Before each text, behind a control token too.</summary>
    EveryText,
}
