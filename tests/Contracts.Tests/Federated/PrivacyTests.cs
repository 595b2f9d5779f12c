using Tollgate.Contracts.Federated;

namespace Tollgate.Contracts.Tests.Federated;

public sealed class PrivacyTests
{
    /// <summary>
    /// The first column of expectations: the exact ε of the Gaussian mechanism (Balle and Wang 2018, theorem 8; 4.377 for noise 1 and δ
    /// 10⁻⁵ is in the literature), which k sums with noise z have as one with z / √k. The second: the least bound over all orders, computed
    /// by another program over two million orders. The third: the bound of zCDP (Bun and Steinke 2016, proposition 1.3), which is looser.
    /// </summary>
    [Theory]
    [InlineData(1, 1, 1e-5, 4.37718, 4.72839, 5.29853)]
    [InlineData(4, 10, 1e-5, 3.34141, 3.61697, 4.10607)]
    [InlineData(1.1, 11, 1e-5, 16.78435, 17.91511, 19.01355)]
    [InlineData(8, 100, 1e-6, 6.31206, 6.73420, 7.35190)]
    [InlineData(0.5, 1, 1e-5, 9.99726, 10.72482, 11.59705)]
    [InlineData(50, 11, 1e-5, 0.21783, 0.24090, 0.32050)]
    [InlineData(10, 50, 1e-6, 3.30760, 3.54229, 3.96692)]
    public void Epsilon_is_the_least_Renyi_bound_above_the_exact_value(
        double noise, int sums, double delta, double exact, double expected, double loose)
    {
        var epsilon = PrivacyAccountant.Epsilon(noise, sums, delta);

        Assert.InRange(epsilon, exact, loose);
        Assert.InRange(epsilon, expected - 1e-5, expected * 1.0001);
    }

    [Fact]
    public void Nothing_shown_is_no_epsilon_and_more_sums_are_more()
    {
        Assert.Equal(0, PrivacyAccountant.Epsilon(1, 0, 1e-5));
        Assert.True(PrivacyAccountant.Epsilon(1, 2, 1e-5) > PrivacyAccountant.Epsilon(1, 1, 1e-5));
    }

    [Fact]
    public void Clip_keeps_what_is_within_the_norm_and_scales_the_rest()
    {
        double[] small = [3, 4];
        double[] large = [30, -40];

        Assert.Equal(5, UpdatePrivacy.Clip(small, 5));
        Assert.Equal(50, UpdatePrivacy.Clip(large, 5));
        Assert.Equal([3, 4], small);
        Assert.Equal(3, large[0], 1e-9);
        Assert.InRange(Math.Sqrt((large[0] * large[0]) + (large[1] * large[1])), 4.999999, 5);
        Assert.Equal(0, UpdatePrivacy.Clip([], 1));
    }

    [Fact]
    public void Evaluation_reads_counts_and_takes_negative_ones_for_none()
    {
        var evaluation = FederatedEvaluation.Of([8, 2, 4, 6], labels: 2);
        var noisy = FederatedEvaluation.Of([8, -3, 0, 2], labels: 2);

        Assert.Equal((20, 0.7), (evaluation.Rows, evaluation.Accuracy));
        Assert.Equal(((16 / 22.0) + (12 / 18.0)) / 2, evaluation.MacroF1, 1e-12); // F1 = 2 × right / (labelled + answered).
        Assert.Equal((10, 1), (noisy.Rows, noisy.Accuracy));
        Assert.Equal(0, FederatedEvaluation.Of(new double[4], labels: 2).MacroF1);
    }
}
