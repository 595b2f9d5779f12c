using Tollgate.Inference.Tasks.Classification;

namespace Tollgate.Inference.Tests.Tasks.Classification;

public sealed class LabelScoresTests
{
    private static readonly string[] Labels = ["a", "b", "c"];

    [Fact]
    public void Scores_that_exclude_each_other_sum_to_1_also_far_from_0()
    {
        var scores = Make(ModelClassification.Softmax, 1000, 1001, -3000)!;

        Assert.Equal(1 / (1 + Math.E), scores[0], 1e-12);
        Assert.Equal(Math.E / (1 + Math.E), scores[1], 1e-12);
        Assert.Equal(0, scores[2]);
        Assert.Equal([1, 0, 2], scores.Top(3));
    }

    [Fact]
    public void Independent_scores_keep_the_order_of_the_logits_where_they_round_to_1()
    {
        var near = Make(ModelClassification.Sigmoid, 18, 19, 20)!;
        var equal = Make(ModelClassification.Sigmoid, 50, 70, 60)!;
        var far = Make(ModelClassification.Sigmoid, -800, 800, 0)!;

        Assert.True(near[0] < near[1] && near[1] < near[2] && near[2] < 1); // In single precision all three are 1.
        Assert.Equal([1, 2, 0], equal.Top(3));
        Assert.Equal((0, 1, 0.5), (far[0], far[1], far[2]));
    }

    [Fact]
    public void Equal_logits_are_ordered_by_the_number_of_the_label()
    {
        var scores = Make(ModelClassification.Softmax, 1, 2, 2)!;

        Assert.Equal([1, 2, 0], scores.Top(99));
        Assert.Equal(1, scores.Best);
    }

    [Theory]
    [InlineData(float.NaN, 0, 0)]
    [InlineData(0, float.PositiveInfinity, 0)]
    [InlineData(0, 0, float.NegativeInfinity)]
    public void A_logit_that_is_no_number_gives_no_scores(float a, float b, float c)
    {
        Assert.Null(Make(ModelClassification.Softmax, a, b, c));
        Assert.Null(Make(ModelClassification.Sigmoid, a, b, c));
        Assert.Null(LabelScores.TryMake([1, 2], new ModelClassification(Labels, "logits", ModelClassification.Softmax)));
    }

    private static LabelScores? Make(string activation, params float[] logits) =>
        LabelScores.TryMake(logits, new ModelClassification(Labels, "logits", activation));
}
