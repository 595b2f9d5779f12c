using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>
/// A regular expression that finds its matches in a text in time by the length of both, whatever they are. Of several matches at a place
/// the first way counts, as in Oniguruma. Immutable, so thread-safe.
/// </summary>
/// <remarks>.NET's expressions look at UTF-16 units, and so miss letters beyond U+FFFF. Ways are tried one after the other; once a search
/// takes many steps, it notes which steps failed at which place, and goes each such way once.</remarks>
internal sealed class SplitPattern
{
    /// <summary>Steps without a match before failed ways are noted.</summary>
    private const int MostUnnotedSteps = 512;

    private readonly PatternProgram.Step[] _steps;
    private readonly int _forks;

    /// <exception cref="FormatException">The expression is malformed, too large, or uses what is not supported.</exception>
    public SplitPattern(string source)
    {
        var program = PatternProgram.Compile(source);
        (Source, _steps, _forks) = (source, [.. program.Steps], program.Forks);
    }

    public string Source { get; }

    /// <summary>Appends the matches in a text, in order. An empty match is left out right behind another match.</summary>
    public void Find(ReadOnlySpan<char> text, List<Range> matches)
    {
        var search = new Search(_steps, _forks, text);
        var lastEnd = -1;
        for (var at = 0; at <= text.Length;)
        {
            var end = search.MatchAt(at);
            if (end < 0 || (end == at && at == lastEnd))
            {
                at += LengthAt(text, at);
                continue;
            }

            matches.Add(at..end);
            lastEnd = end;
            at = end;
        }
    }

    /// <summary>Length of the character at a place; 1 at the end.</summary>
    private static int LengthAt(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || !char.IsHighSurrogate(text[at]))
        {
            return 1;
        }

        Rune.DecodeFromUtf16(text[at..], out _, out var length);
        return length;
    }

    /// <summary>One search through one text.</summary>
    private ref struct Search(PatternProgram.Step[] steps, int forks, ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private readonly Stack<Way> _ways = new();

        /// <summary>A bit for each fork at each place: the way from there has been taken, and failed.</summary>
        private ulong[]? _failed;

        private long _taken;

        /// <summary>The end of the match that begins at a place; −1 without one.</summary>
        public int MatchAt(int start)
        {
            _ways.Clear();
            var (step, at) = (0, start);
            while (true)
            {
                if (_failed is null && ++_taken > MostUnnotedSteps)
                {
                    _failed = new ulong[(((long)(_text.Length + 1) * forks) + 63) / 64];
                }

                if (steps[step].Kind == PatternProgram.StepKind.Accept)
                {
                    Forget(at);
                    return at;
                }

                if (!Advance(ref step, ref at) && !TakeNextWay(ref step, ref at))
                {
                    return -1;
                }
            }
        }

        private bool Advance(ref int step, ref int at)
        {
            var current = steps[step];
            switch (current.Kind)
            {
                case PatternProgram.StepKind.One:
                    if (!current.Set!.IsAt(_text, at, out var length))
                    {
                        return false;
                    }

                    at += length;
                    break;
                case PatternProgram.StepKind.TakeOne:
                    at += current.Set!.IsAt(_text, at, out length) ? length : 0;
                    break;
                case PatternProgram.StepKind.TakeRun:
                    while (current.Set!.IsAt(_text, at, out length))
                    {
                        at += length;
                    }

                    break;
                case PatternProgram.StepKind.Run:
                    return TakeRun(current, ref step, ref at);
                case PatternProgram.StepKind.Jump:
                    step = current.First;
                    return true;
                case PatternProgram.StepKind.Fork:
                    if (!Note(current.Fork, at))
                    {
                        return false;
                    }

                    _ways.Push(new Way(current.Second, at, -1));
                    step = current.First;
                    return true;
                case PatternProgram.StepKind.Look:
                    if (Looks(step, at) == current.IsNegative)
                    {
                        return false;
                    }

                    step = current.Second;
                    return true;
                case PatternProgram.StepKind.Anchor:
                    if (!Holds(current.Anchor, at))
                    {
                        return false;
                    }

                    break;
            }

            step++;
            return true;
        }

        /// <summary>The whole run first. From a place where the run has failed before, all that follows has too.</summary>
        private bool TakeRun(PatternProgram.Step current, ref int step, ref int at)
        {
            var start = at;
            if (!Note(current.Fork, at))
            {
                return false;
            }

            while (current.Set!.IsAt(_text, at, out var length) && Note(current.Fork, at + length))
            {
                at += length;
            }

            _taken += at - start;
            step++;
            if (at > start)
            {
                _ways.Push(new Way(step, at, start));
            }

            return true;
        }

        private readonly bool TakeNextWay(ref int step, ref int at)
        {
            if (!_ways.TryPop(out var way))
            {
                return false;
            }

            (step, at) = (way.Step, way.At);
            if (way.Least >= 0)
            {
                at -= at - 2 >= way.Least && char.IsLowSurrogate(_text[at - 1]) && char.IsHighSurrogate(_text[at - 2]) ? 2 : 1;
                if (at > way.Least)
                {
                    _ways.Push(way with { At = at });
                }
            }

            return true;
        }

        /// <summary>Whether a way is still open; it is taken now.</summary>
        private readonly bool Note(int fork, int at)
        {
            if (_failed is null)
            {
                return true;
            }

            var bit = ((long)at * forks) + fork;
            ref var word = ref _failed[bit >> 6];
            var mask = 1UL << (int)(bit & 63);
            var isOpen = (word & mask) == 0;
            word |= mask;
            return isOpen;
        }

        /// <summary>What led to a match has not failed: the next search begins where the match ended.</summary>
        private void Forget(int at)
        {
            _taken = 0;
            for (var bit = (long)at * forks; _failed is not null && bit < (long)(at + 1) * forks; bit++)
            {
                _failed[bit >> 6] &= ~(1UL << (int)(bit & 63));
            }
        }

        /// <summary>Whether the part behind a look matches at a place.</summary>
        private readonly bool Looks(int look, int at)
        {
            for (var back = steps[look].First; back > 0; back--)
            {
                at -= at >= 2 && char.IsLowSurrogate(_text[at - 1]) && char.IsHighSurrogate(_text[at - 2]) ? 2 : 1;
            }

            if (at < 0)
            {
                return false;
            }

            return steps[look + 2].Kind == PatternProgram.StepKind.Accept && steps[look + 1] is { Kind: PatternProgram.StepKind.One } one
                ? one.Set!.IsAt(_text, at, out _) : LooksFrom(look + 1, at);
        }

        /// <summary>Tries all ways over the few characters: each step at each place once.</summary>
        private readonly bool LooksFrom(int first, int start)
        {
            var search = new Search(steps, forks, _text);
            var seen = new HashSet<(int, int)>();
            search._ways.Push(new Way(first, start, -1));
            int step = 0, at = 0;
            while (search.TakeNextWay(ref step, ref at))
            {
                while (seen.Add((step, at)))
                {
                    if (steps[step].Kind == PatternProgram.StepKind.Accept)
                    {
                        return true;
                    }

                    if (!search.Advance(ref step, ref at))
                    {
                        break;
                    }
                }
            }

            return false;
        }

        private readonly bool Holds(AnchorKind anchor, int at) => anchor switch
        {
            AnchorKind.TextStart => at == 0,
            AnchorKind.TextEnd => at == _text.Length,
            AnchorKind.LastLineEnd => at == _text.Length || (at == _text.Length - 1 && _text[at] == '\n'),
            AnchorKind.LineStart => at == 0 || (_text[at - 1] == '\n' && at < _text.Length),
            AnchorKind.LineEnd => at == _text.Length || _text[at] == '\n',
            _ => IsWordBefore(at) != CharacterSet.Word.IsAt(_text, at, out _) == (anchor == AnchorKind.WordEdge),
        };

        private readonly bool IsWordBefore(int at) => at > 0 && CharacterSet.Word.IsAt(
            _text, at > 1 && char.IsLowSurrogate(_text[at - 1]) && char.IsHighSurrogate(_text[at - 2]) ? at - 2 : at - 1, out _);

        /// <param name="Least">For what is left of a run, the place where it began; else −1.</param>
        private readonly record struct Way(int Step, int At, int Least);
    }
}
