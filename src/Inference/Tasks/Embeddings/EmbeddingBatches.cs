namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Groups inputs of like length, so that little of a run is padding.</summary>
internal static class EmbeddingBatches
{
    /// <summary>Rows of one run at most.</summary>
    private const int MostRows = 64;

    /// <summary>Indices of the inputs, longest first, cut so that rows × longest stays
    /// within the budget; a longer input runs alone.</summary>
    public static IEnumerable<int[]> Plan(IReadOnlyList<int> lengths, int paddedTokens)
    {
        var order = Enumerable.Range(0, lengths.Count).OrderByDescending(i => lengths[i]).ToArray();
        for (var start = 0; start < order.Length;)
        {
            var rows = Math.Clamp(paddedTokens / Math.Max(lengths[order[start]], 1), 1, MostRows);
            var batch = order.AsSpan(start, Math.Min(rows, order.Length - start)).ToArray();
            start += batch.Length;
            yield return batch;
        }
    }
}
