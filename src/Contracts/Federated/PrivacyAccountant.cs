namespace Tollgate.Contracts.Federated;

/// <summary>What several noisy sums together show of one participant: ε for a δ, by Rényi divergence.</summary>
/// <remarks>
/// One sum with noise of z times the bound has the divergence α / (2 z²) of every order α > 1 (Mironov 2017), k sums k times as much. The
/// conversion is that of Canonne, Kamath and Steinke (2020), proposition 12. Two data sets are neighbours where one has a participant's
/// numbers and the other zeros in their place.
/// </remarks>
public static class PrivacyAccountant
{
    private const double LeastExcess = 1e-3;
    private const double MostExcess = 1e7;
    private const double Ratio = 1.005;

    /// <param name="noiseMultiplier">Deviation of a sum's noise, in bounds of one participant; above 0.</param>
    /// <param name="sums">Sums that were made, from 0.</param>
    /// <param name="delta">Above 0, below 1.</param>
    /// <returns>ε, which holds for every choice of the participant's data with this δ; 0 without a sum.</returns>
    public static double Epsilon(double noiseMultiplier, int sums, double delta)
    {
        if (sums == 0)
        {
            return 0;
        }

        var rate = sums / (2 * noiseMultiplier * noiseMultiplier);
        var least = double.PositiveInfinity;
        for (var excess = LeastExcess; excess < MostExcess; excess *= Ratio) // Each order gives a bound: the best one counts.
        {
            var order = 1 + excess;
            least = Math.Min(
                least, (order * rate) + Math.Log(excess / order) - ((Math.Log(delta) + Math.Log(order)) / excess));
        }

        return Math.Max(0, least);
    }
}
