using System.Buffers;

namespace Tollgate.Inference.Tokenizers;

/// <summary>The merges of a byte-pair vocabulary: which two tokens become one, and in which order. Thread-safe.</summary>
/// <remarks>Pairs lie in a table with open addresses, which is read once or twice for each token of a text.</remarks>
internal sealed class BytePairMerges
{
    /// <summary>Symbols up to which the best pair is looked for one by one; a heap pays off beyond.</summary>
    private const int FewSymbols = 16;

    private readonly ulong[] _pairs;
    private readonly (int Rank, int Id)[] _results;
    private readonly int _shift;

    /// <param name="merges">The tokens and the result of each merge, with its rank; of equal pairs the first counts.</param>
    private BytePairMerges(IReadOnlyCollection<(int Left, int Right, int Rank, int Id)> merges)
    {
        var bits = 4;
        while (1L << bits < (merges.Count + 1L) * 2)
        {
            bits++;
        }

        (_pairs, _results, _shift) = (new ulong[1 << bits], new (int, int)[1 << bits], 64 - bits);
        Array.Fill(_pairs, ulong.MaxValue);
        foreach (var (left, right, rank, id) in merges)
        {
            var pair = Pair(left, right);
            var at = SlotOf(pair);
            if (_pairs[at] == ulong.MaxValue)
            {
                (_pairs[at], _results[at]) = (pair, (rank, id));
            }
        }
    }

    /// <param name="merges">Two tokens each, parted by a space, the first to be applied first.</param>
    /// <exception cref="FormatException">A merge names a token that the vocabulary lacks.</exception>
    public BytePairMerges(IReadOnlyList<string> merges, Dictionary<string, int> ids)
        : this(Read([.. merges.Select(ReadPair)], ids, prefixLength: 0))
    {
    }

    /// <param name="merges">Two tokens each, the first to be applied first.</param>
    /// <param name="prefixLength">Characters that the second token loses when the first stands before it.</param>
    /// <exception cref="FormatException">A merge names a token that the vocabulary lacks.</exception>
    public BytePairMerges(IReadOnlyList<(string Left, string Right)> merges, Dictionary<string, int> ids, int prefixLength)
        : this(Read(merges, ids, prefixLength))
    {
    }

    /// <summary>Merges that SentencePiece makes of scores: of two neighbours that are a piece together, those with the highest score
    /// first.</summary>
    /// <param name="pieces">Text and score of each piece that two others can become, by id.</param>
    /// <param name="ids">Pieces, and single characters, by their text.</param>
    public static BytePairMerges FromScores(
        IReadOnlyCollection<(int Id, string Text, float Score)> pieces, Dictionary<string, int> ids)
    {
        var merges = new List<(int Left, int Right, int Rank, int Id)>(pieces.Count * 3);
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var (rank, last) = (-1, float.NaN);
        foreach (var (id, text, score) in pieces.OrderByDescending(piece => piece.Score))
        {
            rank += score == last ? 0 : 1; // Equal scores have one rank: the leftmost pair is then first.
            last = score;
            for (var at = 1; at < text.Length; at++)
            {
                if (!char.IsLowSurrogate(text[at]) && lookup.TryGetValue(text.AsSpan(0, at), out var left)
                    && lookup.TryGetValue(text.AsSpan(at), out var right))
                {
                    merges.Add((left, right, rank, id));
                }
            }
        }

        return new BytePairMerges(merges);
    }

    /// <summary>Merges the pair of lowest rank, the leftmost first, until none is left.</summary>
    /// <param name="tokens">The tokens of one piece; then what is left of them, in order.</param>
    /// <param name="places">A number of each token; then those of the tokens that are left, each that of its first part.</param>
    /// <returns>How many are left.</returns>
    public int Apply(Span<int> tokens, Span<int> places) =>
        tokens.Length <= FewSymbols ? ApplyOneByOne(tokens, places) : ApplyWithHeap(tokens, places);

    private int ApplyOneByOne(Span<int> tokens, Span<int> places)
    {
        var count = tokens.Length;
        while (true)
        {
            var (best, id, at) = (int.MaxValue, 0, -1);
            for (var i = 0; i + 1 < count; i++)
            {
                if (TryFind(tokens[i], tokens[i + 1], out var merge) && merge.Rank < best)
                {
                    (best, id, at) = (merge.Rank, merge.Id, i);
                }
            }

            if (at < 0)
            {
                return count;
            }

            tokens[at] = id;
            tokens[(at + 2)..count].CopyTo(tokens[(at + 1)..]);
            places[(at + 2)..count].CopyTo(places[(at + 1)..]);
            count--;
        }
    }

    /// <summary>A linked list and a heap: time is n log n.</summary>
    private int ApplyWithHeap(Span<int> tokens, Span<int> places)
    {
        var count = tokens.Length;
        var links = ArrayPool<int>.Shared.Rent(2 * count);
        var heap = new PairHeap(3 * count);
        try
        {
            var next = links.AsSpan(0, count);
            var previous = links.AsSpan(count, count);
            for (var i = 0; i < count; i++)
            {
                (previous[i], next[i]) = (i - 1, i + 1);
                if (i + 1 < count && TryFind(tokens[i], tokens[i + 1], out var merge))
                {
                    heap.Add(merge.Rank, i);
                }
            }

            while (heap.TryTake(out var rank, out var at))
            {
                var second = tokens[at] >= 0 ? next[at] : count;
                if (second >= count || !TryFind(tokens[at], tokens[second], out var merge) || merge.Rank != rank)
                {
                    continue; // One of the two has been merged since.
                }

                (tokens[at], tokens[second]) = (merge.Id, -1);
                next[at] = next[second];
                if (next[at] < count)
                {
                    previous[next[at]] = at;
                    Offer(ref heap, tokens, at, next[at]);
                }

                if (previous[at] >= 0)
                {
                    Offer(ref heap, tokens, previous[at], at);
                }
            }

            var left = 0;
            for (var i = 0; i < count; i = next[i])
            {
                (tokens[left], places[left]) = (tokens[i], places[i]);
                left++;
            }

            return left;
        }
        finally
        {
            heap.Return();
            ArrayPool<int>.Shared.Return(links);
        }
    }

    private void Offer(ref PairHeap heap, ReadOnlySpan<int> tokens, int first, int second)
    {
        if (TryFind(tokens[first], tokens[second], out var merge))
        {
            heap.Add(merge.Rank, first);
        }
    }

    private bool TryFind(int left, int right, out (int Rank, int Id) merge)
    {
        var at = SlotOf(Pair(left, right));
        merge = _results[at];
        return _pairs[at] != ulong.MaxValue;
    }

    /// <summary>Where a pair is, or would be.</summary>
    private int SlotOf(ulong pair)
    {
        var at = (int)((pair * 0x9E37_79B9_7F4A_7C15) >> _shift);
        while (_pairs[at] != pair && _pairs[at] != ulong.MaxValue)
        {
            at = (at + 1) & (_pairs.Length - 1);
        }

        return at;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private static (string Left, string Right) ReadPair(string merge, int rank)
    {
        var space = merge.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 ? (merge[..space], merge[(space + 1)..]) : throw Unknown(rank);
    }

    private static List<(int Left, int Right, int Rank, int Id)> Read(
        IReadOnlyList<(string Left, string Right)> merges, Dictionary<string, int> ids, int prefixLength)
    {
        var read = new List<(int Left, int Right, int Rank, int Id)>(merges.Count);
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (first, second) = merges[rank];
            if (!ids.TryGetValue(first, out var left) || !ids.TryGetValue(second, out var right) || second.Length < prefixLength
                || !lookup.TryGetValue(string.Concat(first, second.AsSpan(prefixLength)), out var whole))
            {
                throw Unknown(rank);
            }

            read.Add((left, right, rank, whole));
        }

        return read;
    }

    private static FormatException Unknown(int rank) => new($"The tokenizer's merge {rank} names tokens that its vocabulary lacks.");

    /// <summary>Pairs by rank, then by place: the lowest first.</summary>
    private ref struct PairHeap(int capacity)
    {
        private readonly ulong[] _keys = ArrayPool<ulong>.Shared.Rent(capacity);
        private int _count;

        public void Add(int rank, int at)
        {
            var key = ((ulong)(uint)rank << 32) | (uint)at;
            var child = _count++;
            while (child > 0 && _keys[(child - 1) >> 1] > key)
            {
                _keys[child] = _keys[(child - 1) >> 1];
                child = (child - 1) >> 1;
            }

            _keys[child] = key;
        }

        public bool TryTake(out int rank, out int at)
        {
            if (_count == 0)
            {
                (rank, at) = (0, 0);
                return false;
            }

            (rank, at) = ((int)(_keys[0] >> 32), (int)(uint)_keys[0]);
            var moved = _keys[--_count];
            var parent = 0;
            for (var child = 1; child < _count; child = (2 * parent) + 1)
            {
                child += child + 1 < _count && _keys[child + 1] < _keys[child] ? 1 : 0;
                if (_keys[child] >= moved)
                {
                    break;
                }

                _keys[parent] = _keys[child];
                parent = child;
            }

            _keys[parent] = moved;
            return true;
        }

        public readonly void Return() => ArrayPool<ulong>.Shared.Return(_keys);
    }
}
