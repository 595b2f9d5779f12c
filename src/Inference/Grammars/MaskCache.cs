using System.Collections.Concurrent;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// The masks of one grammar over one vocabulary, shared by all generations. Thread-safe.
/// A mask is first made for the topmost level of a stack alone, where most tokens stay; those that leave it go on in the levels below.
/// The first part is kept by state, the whole by configuration.
/// </summary>
internal sealed class MaskCache(CompiledGrammar grammar, TokenVocabulary vocabulary)
{
    /// <summary>Any token may follow that the grammar allows, however far the end is behind it.</summary>
    public const long NoSlack = long.MaxValue;

    /// <summary>Most bytes of the masks by configuration, and of those by state.</summary>
    private const long MostBytes = 8 * 1024 * 1024;

    private const int BytesOfEntry = 256;
    private const int BytesOfLevel = 96;

    private readonly BoundedCache<(Configuration At, long Slack), TokenMask> _masks = new(MostBytes);
    private readonly BoundedCache<(int State, int Count), LevelMask> _levels = new(MostBytes);
    private readonly ConcurrentBag<MaskWalker> _walkers = [];

    /// <summary>Bytes after which a count matters again: more than one token can read.</summary>
    private int Window => vocabulary.LongestToken + 2;

    /// <summary>Bytes of all masks that are held.</summary>
    public long Held => _masks.Held + _levels.Held;

    /// <summary>The configuration with the smallest counts that allow the same tokens; masks are those of such configurations.</summary>
    public Configuration Alike(Configuration configuration)
    {
        var stacks = configuration.Stacks;
        var changed = false;
        List<Frame> alike = new(stacks.Length);
        foreach (var stack in stacks)
        {
            var other = stack.Alike(grammar, Window);
            changed |= !ReferenceEquals(other, stack);
            if (!changed || !alike.Exists(known => Frame.AreSame(known, other)))
            {
                alike.Add(other);
            }
        }

        return changed ? new Configuration([.. alike], configuration.CanEnd, configuration.Leaves) : configuration;
    }

    /// <summary>The mask of a configuration if it is held.</summary>
    public bool TryGet(Configuration alike, long slack, out TokenMask mask) => _masks.TryGet((alike, slack), out mask);

    /// <summary>The mask of a configuration.</summary>
    /// <param name="alike">From <see cref="Alike"/>.</param>
    /// <param name="slack">The most by which a token may make the way to the end longer, in bytes.</param>
    /// <exception cref="GrammarException">The grammar needs too much work.</exception>
    public TokenMask Get(Configuration alike, long slack)
    {
        if (_masks.TryGet((alike, slack), out var mask))
        {
            return mask;
        }

        if (!_walkers.TryTake(out var walker))
        {
            walker = new MaskWalker(grammar, vocabulary);
        }

        mask = Make(walker, alike, slack == NoSlack ? MaskWalker.NoLimit : alike.ToEnd + slack);
        if (!walker.IsLarge)
        {
            _walkers.Add(walker);
        }

        var levels = alike.Stacks.Sum(stack => (long)stack.Levels);
        _masks.Add((alike, slack), mask, BytesOfEntry + (8L * vocabulary.MaskWords) + (BytesOfLevel * levels));
        return mask;
    }

    /// <param name="limit">The longest way to the end behind an allowed token, in bytes.</param>
    private TokenMask Make(MaskWalker walker, Configuration alike, long limit)
    {
        var stacks = alike.Stacks;
        var levels = new LevelMask[stacks.Length];
        for (var i = 0; i < stacks.Length; i++)
        {
            levels[i] = LevelOf(walker, stacks[i]);
        }

        if (limit == MaskWalker.NoLimit && stacks.Length == 1 && (levels[0].Leaving.Length == 0 || stacks[0].Below is null))
        {
            return new TokenMask(levels[0].Bits, levels[0].LongestEnd + (stacks[0].Below?.ToEnd ?? 0) - alike.ToEnd);
        }

        var bits = new ulong[vocabulary.MaskWords];
        var longest = long.MinValue / 2;
        walker.Begin();
        for (var i = 0; i < stacks.Length; i++)
        {
            var below = stacks[i].Below;
            if (!levels[i].TryAddTo(bits, limit - (below?.ToEnd ?? 0)))
            {
                walker.Walk(walker.Number(Alone(stacks[i], below)), 0, bits, limit, level: null);
                continue;
            }

            longest = Math.Max(longest, levels[i].LongestEnd + (below?.ToEnd ?? 0));
            if (below is not null && levels[i].Leaving.Length > 0)
            {
                var start = walker.Enter(below);
                foreach (var node in levels[i].Leaving)
                {
                    walker.Walk(start, node, bits, limit, level: null);
                }
            }
        }

        return new TokenMask(bits, Math.Max(longest, walker.LongestEnd) - alike.ToEnd);
    }

    /// <summary>A stack's topmost level, with what it calls and repeats left to the other stacks.</summary>
    private Configuration Alone(Frame stack, Frame? below) =>
        new([new Frame(grammar, stack.State, stack.Count, below)], canEnd: false, leaves: false);

    /// <summary>What the topmost level of a stack allows, whatever is below.</summary>
    private LevelMask LevelOf(MaskWalker walker, Frame stack)
    {
        var key = (stack.State, stack.Count);
        if (_levels.TryGet(key, out var level))
        {
            return level;
        }

        var bits = new ulong[vocabulary.MaskWords];
        walker.Begin();
        var alone = Alone(stack, Frame.Unknown);
        var notes = new LevelNotes(alone.ToEnd);
        walker.Walk(walker.Number(alone), 0, bits, MaskWalker.NoLimit, notes);
        level = new LevelMask(bits, notes, Math.Max(walker.LongestEnd, long.MinValue / 2));
        _levels.Add(key, level, BytesOfEntry + level.Bytes);
        return level;
    }
}
