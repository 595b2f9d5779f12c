namespace Tollgate.Inference.Grammars;

/// <summary>A class of characters in brackets.</summary>
internal readonly ref struct RegexClass
{
    /// <param name="at">Behind the opening bracket; afterwards behind the closing one.</param>
    /// <exception cref="GrammarException">The class has no end, or a range is the wrong way round.</exception>
    public RegexClass(string pattern, ref int at)
    {
        var begin = at;
        var negated = at < pattern.Length && pattern[at] == '^';
        at += negated ? 1 : 0;
        List<(int First, int Last)> ranges = [];
        while (true)
        {
            if (at >= pattern.Length)
            {
                throw new GrammarException($"The regular expression has a '[' without a ']' at character {begin}.");
            }

            if (pattern[at] == ']')
            {
                at++;
                break;
            }

            var item = Item(pattern, ref at);
            if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
            {
                at++;
                var other = Item(pattern, ref at);
                if (!IsOne(item) || !IsOne(other))
                {
                    ranges.AddRange([.. item.Ranges, ('-', '-'), .. other.Ranges]);
                    continue;
                }

                if (other.Ranges[0].First < item.Ranges[0].First)
                {
                    throw new GrammarException($"The regular expression has a range the wrong way round before character {at + 1}.");
                }

                ranges.Add((item.Ranges[0].First, other.Ranges[0].First));
                continue;
            }

            ranges.AddRange(item.Ranges);
        }

        Set = CodePoints.Union(ranges);
        Set = negated ? CodePoints.Except(Set) : Set;
    }

    /// <summary>The code points of the class.</summary>
    public RegexNode.CharSet Set { get; }

    private static bool IsOne(RegexNode.CharSet set) => set.Ranges.Count == 1 && set.Ranges[0].First == set.Ranges[0].Last;

    private static RegexNode.CharSet Item(string pattern, ref int at)
    {
        if (pattern[at] == '\\')
        {
            at++;
            return RegexEscape.Read(pattern, ref at, insideClass: true);
        }

        var codePoint = RegexEscape.CodePointAt(pattern, ref at);
        return new RegexNode.CharSet([(codePoint, codePoint)]);
    }
}
