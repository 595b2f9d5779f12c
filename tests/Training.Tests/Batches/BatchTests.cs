using Tollgate.Training.Batches;

namespace Tollgate.Training.Tests.Batches;

public sealed class BatchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void BatchOrder_has_every_row_once_and_pads_to_the_bucket(int seed)
    {
        var random = new Random(seed);
        int[] lengths = [.. Enumerable.Range(0, 101).Select(_ => random.Next(0, 70))];

        var batches = BatchOrder.Of(lengths, bucket: 16, most: 48, size: 8, (ulong)seed, epoch: 0);

        Assert.Equal(Enumerable.Range(0, 101), batches.SelectMany(batch => batch.Rows).Order());
        Assert.All(batches, batch => Assert.InRange(batch.Rows.Length, 1, 8));
        Assert.All(batches, batch => Assert.Contains(batch.Length, new[] { 16, 32, 48 }));
        Assert.All(batches, batch => Assert.All(batch.Rows, row => Assert.InRange(
            lengths[row], batch.Length == 16 ? 0 : batch.Length - 15, batch.Length == 48 ? 69 : batch.Length)));
    }

    [Fact]
    public void BatchOrder_depends_on_seed_and_epoch_alone()
    {
        int[] lengths = [.. Enumerable.Range(0, 60)];
        string Order(ulong seed, int epoch) =>
            string.Join(';', BatchOrder.Of(lengths, 16, 64, 4, seed, epoch).Select(batch => string.Join(',', batch.Rows)));

        Assert.Equal(Order(1, 0), Order(1, 0));
        Assert.NotEqual(Order(1, 0), Order(1, 1));
        Assert.NotEqual(Order(1, 0), Order(2, 0));
    }

    [Fact]
    public void EarlyStopping_ends_after_its_patience_and_keeps_the_best()
    {
        var stopping = new EarlyStopping(patience: 2, least: 0.01);

        bool[] best = [.. new[] { 0.9, 0.5, 0.495, 0.4, 0.41, 0.395 }.Select(stopping.Observe)];

        Assert.Equal([true, true, false, true, false, false], best);
        Assert.True(stopping.IsOver);
        Assert.Equal(0.4, stopping.Best);
    }

    [Fact]
    public void ClassWeights_give_rare_classes_the_influence_of_frequent_ones() =>
        Assert.Equal([4f / 9, 4f / 3, 0], ClassWeights.Balanced([0, 0, 0, 1], 3)); // 4 / (3 · 3), 4 / (3 · 1)
}
