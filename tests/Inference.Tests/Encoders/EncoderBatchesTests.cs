using Tollgate.Inference.Encoders;

namespace Tollgate.Inference.Tests.Encoders;

public sealed class EncoderBatchesTests
{
    [Theory]
    [InlineData(new[] { 100, 3, 90, 4, 95, 2 }, new[] { 0, 4 })] // 2 × 100 is the budget
    [InlineData(new[] { 4, 100, 3, 90, 2, 5 }, new[] { 0, 2, 4, 5 })] // nearest first, shorter rows before longer ones that cost as much
    [InlineData(new[] { 10, 10, 10, 10 }, new[] { 0, 1, 2, 3 })] // the first of equals first
    [InlineData(new[] { 300, 10 }, new[] { 0 })] // longer than the budget: alone
    public void Choose_takes_rows_of_like_length_within_the_budget(int[] lengths, int[] rows)
    {
        Assert.Equal(rows, EncoderBatches.Choose(lengths, new BatchLimits { PaddedTokens = 200 }));
    }

    [Fact]
    public void Choose_leaves_a_row_to_a_run_of_its_own_rather_than_padding_others_to_it()
    {
        var limits = new BatchLimits { PaddedTokens = 100_000, FreePadding = 10, TokensPerPadding = 10 };

        Assert.Equal([0, 1], EncoderBatches.Choose([100, 90, 50], limits)); // 10 of 190; the third would make it 60
        Assert.Equal([0, 1], EncoderBatches.Choose([10, 11, 22], limits)); // 1; the third would make it 23
    }

    [Fact]
    public void Choose_takes_no_more_rows_than_may_share_a_run()
    {
        Assert.Equal(64, EncoderBatches.Choose([.. Enumerable.Repeat(2, 500)], new BatchLimits()).Count);
        Assert.Single(EncoderBatches.Choose([2, 2, 2], BatchLimits.OneByOne));
    }

    /// <summary>Tokens with padding, of 20,000 rows of mixed lengths: short questions and long passages, and a log-normal mix. In the order
    /// of arrival, a batch ends where the next row would pass the same budget.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Choose_computes_less_than_two_fifths_of_first_in_first_out(bool logNormal)
    {
        var random = new Random(11);
        var lengths = Enumerable.Range(0, 20_000).Select(_ => MixedLengths.Next(random, logNormal)).ToArray();
        var limits = new BatchLimits();
        var inOrder = 0L;
        for (int start = 0, end; start < lengths.Length; start = end)
        {
            var longest = lengths[start];
            for (end = start + 1; end < lengths.Length && end - start < limits.Rows
                && (end + 1 - start) * Math.Max(longest, lengths[end]) <= limits.PaddedTokens; end++)
            {
                longest = Math.Max(longest, lengths[end]);
            }

            inOrder += (long)(end - start) * longest;
        }

        var (waiting, padded) = (new List<int>(lengths), 0L);
        while (waiting.Count > 0)
        {
            var window = waiting[..Math.Min(limits.Window, waiting.Count)];
            var chosen = EncoderBatches.Choose([.. window], limits);
            padded += (long)chosen.Count * chosen.Max(row => window[row]);
            foreach (var row in chosen.OrderDescending())
            {
                waiting.RemoveAt(row);
            }
        }

        Assert.True(padded * 2.5 <= inOrder, $"{inOrder} against {padded}");
        Assert.InRange(padded, lengths.Sum(), lengths.Sum() * 1.1);
    }
}
