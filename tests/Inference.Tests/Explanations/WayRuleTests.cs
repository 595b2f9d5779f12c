using Tollgate.Inference.Explanations;

namespace Tollgate.Inference.Tests.Explanations;

public sealed class WayRuleTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(1024)]
    public void Weights_are_positive_symmetric_and_sum_to_1(int intervals)
    {
        var weights = WayRule.Weights(intervals);

        Assert.Equal(intervals + 1, weights.Length);
        Assert.All(weights, weight => Assert.True(weight > 0));
        Assert.Equal(weights.Reverse(), weights, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(1, weights.Sum(), 1e-12);
    }

    /// <summary>Two intervals are Simpson's rule, which is exact for cubes; sixteen are exact for an exponential in double
    /// precision.</summary>
    [Fact]
    public void The_rule_integrates_smooth_functions()
    {
        Assert.Equal(1.0 / 4, Integrate(place => place * place * place, 2), 1e-15);
        Assert.Equal(Math.E - 1, Integrate(Math.Exp, 16), 1e-14);
        Assert.Equal(Math.Tanh(10), Integrate(place => 10 / Math.Pow(Math.Cosh((20 * place) - 10), 2), 128), 1e-6);
    }

    [Fact]
    public void Twice_as_many_intervals_keep_every_point()
    {
        for (var point = 0; point <= 16; point++)
        {
            Assert.Equal(WayRule.PlaceOf(point, 16), WayRule.PlaceOf(point * 64, 1024), 1e-15);
        }

        Assert.Equal((0.0, 1.0), (WayRule.PlaceOf(0, 16), WayRule.PlaceOf(16, 16)));
    }

    private static double Integrate(Func<double, double> function, int intervals) =>
        WayRule.Weights(intervals).Select((weight, point) => weight * function(WayRule.PlaceOf(point, intervals))).Sum();
}
