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
        var random = new SeededOrder(seed, epoch);
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

    /// <summary>Random numbers that are the same on every machine and version of .NET.</summary>
    /// <remarks>SplitMix64: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014).</remarks>
    private sealed class SeededOrder(ulong seed, int epoch)
    {
        private ulong _state = seed + (0xD1B54A32D192ED03 * (ulong)(epoch + 1));

        public void Shuffle<T>(T[] items)
        {
            for (var i = items.Length - 1; i > 0; i--)
            {
                var other = (int)(Next() % (ulong)(i + 1));
                (items[i], items[other]) = (items[other], items[i]);
            }
        }

        private ulong Next()
        {
            _state += 0x9E3779B97F4A7C15;
            var value = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
