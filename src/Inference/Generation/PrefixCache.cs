using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Keys and values of prompts that were read, for later prompts that begin alike: blocks of tokens in a tree for each organization, which
/// no other organization's prompts can find. A block is found by the tokens of its whole way, compared one by one. One thread, but for
/// <see cref="Tokens"/>.
/// </summary>
/// <param name="blockTokens">Tokens of a block.</param>
/// <param name="note">Learns of each block that came or went.</param>
internal sealed class PrefixCache(int blockTokens, TimeProvider clock, Action<PrefixChange> note) : IDisposable
{
    /// <summary>A block that no prompt began with for so long is dropped.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    private readonly Dictionary<Guid, Tree> _trees = [];
    private long _tokens;

    /// <summary>Tokens of a block; the place of each block is a multiple of it.</summary>
    public int BlockTokens => blockTokens;

    /// <summary>Tokens held. Any thread.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    /// <summary>The blocks that the tokens begin with, from the first on; they count as used now.</summary>
    public IReadOnlyList<KeyValueBlock> Find(Guid organization, ReadOnlySpan<int> tokens)
    {
        if (!_trees.TryGetValue(organization, out var tree))
        {
            return [];
        }

        var way = tree.Walk(tokens, blockTokens);
        tree.Use(way, clock.GetTimestamp());
        return way.ConvertAll(node => node.Block!);
    }

    /// <summary>Keeps what is new of the tokens, in whole blocks, as long as there is room or other blocks can go for it.</summary>
    /// <param name="mostTokens">Most tokens that may be held.</param>
    /// <param name="save">Makes the block of the tokens from a place on.</param>
    public void Keep(Guid organization, ReadOnlySpan<int> tokens, long mostTokens, Func<int, KeyValueBlock> save)
    {
        if (!_trees.TryGetValue(organization, out var tree))
        {
            _trees[organization] = tree = new Tree();
        }

        var way = tree.Walk(tokens, blockTokens);
        tree.Use(way, clock.GetTimestamp()); // Last to go, while room is made.
        for (var first = way.Count * blockTokens; first + blockTokens <= tokens.Length; first += blockTokens)
        {
            if (!MakeRoom(mostTokens - blockTokens, tree, way.Count))
            {
                break;
            }

            way.Add(tree.Add(way.LastOrDefault(), tokens.Slice(first, blockTokens).ToArray(), save(first)));
            Count(blockTokens, PrefixChange.Kept);
        }

        tree.Use(way, clock.GetTimestamp());
        Forget(organization, tree);
    }

    /// <summary>Drops blocks until at most so many tokens are held.</summary>
    public void Shrink(long mostTokens)
    {
        while (_tokens > Math.Max(0, mostTokens))
        {
            var (organization, tree) = _trees.MaxBy(pair => pair.Value.Count);
            Drop(tree, PrefixChange.Evicted);
            Forget(organization, tree);
        }
    }

    /// <summary>Drops blocks that were not used for <see cref="KeptFor"/>. Returns when the next one is due, or null without
    /// blocks.</summary>
    public TimeSpan? Expire()
    {
        TimeSpan? next = null;
        foreach (var (organization, tree) in _trees.ToList())
        {
            while (tree.Oldest is { } oldest && KeptFor - clock.GetElapsedTime(oldest.UsedAt) is var left)
            {
                if (left > TimeSpan.Zero)
                {
                    next = next < left ? next : left;
                    break;
                }

                Drop(tree, PrefixChange.Expired);
            }

            Forget(organization, tree);
        }

        return next;
    }

    public void Dispose() => Shrink(0);

    /// <summary>Lets blocks go until at most so many tokens are held: of the organization that holds most, the newcomer's own first among
    /// equals. False where only a block of the newcomer's way could go.</summary>
    /// <param name="kept">Blocks of the newcomer's way, which stay.</param>
    private bool MakeRoom(long mostTokens, Tree own, int kept)
    {
        while (_tokens > mostTokens)
        {
            var (organization, tree) = _trees.MaxBy(pair => (pair.Value.Count, pair.Value == own));
            if (tree == own && tree.Count == kept)
            {
                return false;
            }

            Drop(tree, PrefixChange.Evicted);
            if (tree != own)
            {
                Forget(organization, tree);
            }
        }

        return true;
    }

    private void Drop(Tree tree, PrefixChange why)
    {
        tree.RemoveOldest();
        Count(-blockTokens, why);
    }

    private void Count(int tokens, PrefixChange change)
    {
        Volatile.Write(ref _tokens, _tokens + tokens);
        note(change);
    }

    private void Forget(Guid organization, Tree tree)
    {
        if (tree.Count == 0)
        {
            _trees.Remove(organization);
        }
    }

    /// <summary>The blocks of one organization. In the order of use a block stands before those that follow it, so that the oldest is
    /// followed by none.</summary>
    private sealed class Tree
    {
        private readonly Node _root = new(null, [], null);
        private readonly LinkedList<Node> _used = new();

        public int Count => _used.Count;

        public Node? Oldest => _used.Last?.Value;

        public List<Node> Walk(ReadOnlySpan<int> tokens, int blockTokens)
        {
            var way = new List<Node>();
            for (var next = _root.Next; tokens.Length >= blockTokens; tokens = tokens[blockTokens..])
            {
                if (!next.GetAlternateLookup<ReadOnlySpan<int>>().TryGetValue(tokens[..blockTokens], out var node))
                {
                    break;
                }

                way.Add(node);
                next = node.Next;
            }

            return way;
        }

        public Node Add(Node? before, int[] tokens, KeyValueBlock block)
        {
            var node = new Node(before ?? _root, tokens, block);
            node.Before!.Next.Add(tokens, node);
            _used.AddFirst(node.Place);
            return node;
        }

        public void Use(List<Node> way, long now)
        {
            for (var i = way.Count - 1; i >= 0; i--)
            {
                way[i].UsedAt = now;
                _used.Remove(way[i].Place);
                _used.AddFirst(way[i].Place);
            }
        }

        public void RemoveOldest()
        {
            var node = _used.Last!.Value;
            _used.RemoveLast();
            node.Before!.Next.Remove(node.Tokens);
            node.Block!.Dispose();
        }
    }

    /// <summary>A block behind another, or the root of a tree.</summary>
    private sealed class Node
    {
        public Node(Node? before, int[] tokens, KeyValueBlock? block)
        {
            (Before, Tokens, Block) = (before, tokens, block);
            Place = new LinkedListNode<Node>(this);
        }

        public Node? Before { get; }

        public int[] Tokens { get; }

        public KeyValueBlock? Block { get; }

        public Dictionary<int[], Node> Next { get; } = new(TokenRuns.Comparer);

        /// <summary>In the order of use.</summary>
        public LinkedListNode<Node> Place { get; }

        public long UsedAt { get; set; }
    }

    /// <summary>Compares runs of tokens by their tokens.</summary>
    private sealed class TokenRuns : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
    {
        public static readonly TokenRuns Comparer = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] int[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

        /// <summary>Seeded for each process, so that nobody can make prompts that collide.</summary>
        public int GetHashCode(ReadOnlySpan<int> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(alternate));
            return hash.ToHashCode();
        }

        public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();
    }
}

/// <summary>What happened to a block of a <see cref="PrefixCache"/>.</summary>
internal enum PrefixChange
{
    Kept = 1,

    /// <summary>It went for others' memory.</summary>
    Evicted = 2,

    /// <summary>It was not used for long.</summary>
    Expired = 3,
}
