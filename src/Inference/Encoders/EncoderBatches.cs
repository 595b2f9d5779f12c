namespace Tollgate.Inference.Encoders;

/// <summary>Groups rows of like length, so that little of a run is padding.</summary>
internal static class EncoderBatches
{
    /// <summary>
    /// The rows of the next run: the first one, and those next to it in length, the nearest first, as long as the limits allow. Of shorter
    /// rows of one length the first are taken, and so of longer ones.
    /// </summary>
    /// <param name="lengths">Tokens of each waiting row, in the order in which rows have a right to run; not empty.</param>
    /// <returns>Indices of the rows, the first row's first.</returns>
    public static List<int> Choose(ReadOnlySpan<int> lengths, BatchLimits limits)
    {
        var order = new int[lengths.Length];
        var keys = new (int Length, int Index)[lengths.Length];
        for (var i = 0; i < order.Length; i++)
        {
            // The walk to shorter rows goes backwards: there the first of equals must stand last.
            (order[i], keys[i]) = (i, (lengths[i], lengths[i] <= lengths[0] ? -i : i));
        }

        Array.Sort(keys, order);
        var low = Array.IndexOf(order, 0);
        var high = low;
        List<int> chosen = [0];
        var (longest, tokens) = (lengths[0], (long)lengths[0]);
        while (true)
        {
            var shorter = low > 0 ? order[low - 1] : -1;
            var longer = high < order.Length - 1 ? order[high + 1] : -1;
            var growing = longer >= 0 && (shorter < 0 || (long)(lengths[longer] - longest) * chosen.Count < longest - lengths[shorter]);
            var next = growing
                ? Fits(lengths, longer) ? longer : Fits(lengths, shorter) ? shorter : -1
                : Fits(lengths, shorter) ? shorter : Fits(lengths, longer) ? longer : -1;
            if (next < 0)
            {
                return chosen;
            }

            chosen.Add(next);
            (longest, tokens) = (Math.Max(longest, lengths[next]), tokens + lengths[next]);
            (low, high) = next == shorter ? (low - 1, high) : (low, high + 1);
        }

        bool Fits(ReadOnlySpan<int> all, int row) =>
            row >= 0 && limits.Allow(chosen.Count + 1, Math.Max(longest, all[row]), tokens + all[row]);
    }
}
