namespace Tollgate.Inference.Tokenizers;

/// <summary>The merges of a byte-pair vocabulary: which two tokens become one, and in which order. Thread-safe.</summary>
internal sealed class BytePairMerges
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges;

    /// <param name="merges">Two tokens each, parted by a space, the first to be applied first.</param>
    /// <exception cref="FormatException">A merge names a token that the vocabulary lacks.</exception>
    public BytePairMerges(IReadOnlyList<string> merges, Dictionary<string, int> ids)
    {
        _merges = new Dictionary<(int, int), (int, int)>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var merge = merges[rank];
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0
                || !ids.TryGetValue(merge[..space], out var left)
                || !ids.TryGetValue(merge[(space + 1)..], out var right)
                || !ids.TryGetValue(string.Concat(merge.AsSpan(0, space), merge.AsSpan(space + 1)), out var whole))
            {
                throw new FormatException($"The tokenizer's merge {rank} names tokens that its vocabulary lacks.");
            }

            _merges.TryAdd((left, right), (rank, whole));
        }
    }

    /// <summary>Merges the pair of lowest rank, the leftmost first, until none is left: a linked list and a heap.</summary>
    /// <param name="tokens">The tokens of one piece; overwritten.</param>
    /// <param name="ids">Receives what is left.</param>
    public void Apply(Span<int> tokens, List<int> ids)
    {
        var count = tokens.Length;
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<(int At, int Left, int Right), long>();
        for (var i = 0; i < count; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
            Offer(tokens, i, i + 1);
        }

        while (queue.TryDequeue(out var pair, out _))
        {
            var (at, left, right) = pair;
            var second = tokens[at] == left ? next[at] : count;
            if (second >= count || tokens[second] != right)
            {
                continue; // one of the two has been merged since
            }

            tokens[at] = _merges[(left, right)].Id;
            tokens[second] = -1;
            next[at] = next[second];
            if (next[at] < count)
            {
                previous[next[at]] = at;
            }

            Offer(tokens, previous[at], at);
            Offer(tokens, at, next[at]);
        }

        for (var i = 0; i < count; i = next[i])
        {
            ids.Add(tokens[i]);
        }

        void Offer(ReadOnlySpan<int> now, int first, int second)
        {
            if (first >= 0 && second < count && _merges.TryGetValue((now[first], now[second]), out var merge))
            {
                queue.Enqueue((first, now[first], now[second]), ((long)merge.Rank << 32) | (uint)first);
            }
        }
    }
}
