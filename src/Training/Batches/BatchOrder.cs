using Tollgate.Training.Updates;

namespace Tollgate.Training.Batches;

/// <summary>Rows of one batch.</summary>
/// <param name="Rows">Indices of rows.</param>
/// <param name="Length">Tokens to which each row is padded.</param>
internal sealed record BatchRows(int[] Rows, int Length);

/// <summary>Puts rows of mixed lengths into batches. A batch holds rows of one bucket of lengths, so that little is padded and few
/// shapes occur. The order depends on seed and epoch alone.</summary>
internal static class BatchOrder
{
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="bucket">Padded lengths are multiples of this; a row longer than <paramref name="most"/> counts as that long.</param>
    /// <param name="most">Longest padded length.</param>
    /// <param name="size">Rows of a batch; the last batch of a bucket may have fewer.</param>
    /// <param name="epoch">Counted from 0.</param>
    public static BatchRows[] Of(IReadOnlyList<int> lengths, int bucket, int most, int size, ulong seed, int epoch)
    {
        var random = new SeededRandom(SeededRandom.Mix(seed) + (ulong)epoch);
        int[] rows = [.. Enumerable.Range(0, lengths.Count)];
        random.Shuffle(rows);
        BatchRows[] batches =
        [
            .. rows.GroupBy(row => Padded(lengths[row])).OrderBy(group => group.Key)
                .SelectMany(group => group.Chunk(size).Select(chunk => new BatchRows(chunk, group.Key))),
        ];
        random.Shuffle(batches);
        return batches;

        int Padded(int length) => Math.Min(most, Math.Max(1, (length + bucket - 1) / bucket) * bucket);
    }
}
