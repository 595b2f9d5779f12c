namespace Tollgate.Inference.Explanations;

/// <summary>The rule of Clenshaw and Curtis for an integral from 0 to 1. Twice as many intervals keep every point.</summary>
/// <remarks>Clenshaw and Curtis, A method for numerical integration on an automatic computer (1960). The scores of a classifier are smooth,
/// so that it needs far fewer points than rules of even steps.</remarks>
internal static class WayRule
{
    /// <summary>Place of a point, 0 to 1.</summary>
    /// <param name="point">0 to <paramref name="intervals"/>.</param>
    public static double PlaceOf(int point, int intervals) => (1 - Math.Cos(Math.PI * point / intervals)) / 2;

    /// <summary>Weights of the points 0 to <paramref name="intervals"/>; they sum to 1.</summary>
    /// <param name="intervals">Even, at least 2.</param>
    public static double[] Weights(int intervals)
    {
        var weights = new double[intervals + 1];
        for (var point = 0; point <= intervals; point++)
        {
            var sum = 1.0;
            for (var j = 1; j <= intervals / 2; j++)
            {
                var factor = j == intervals / 2 ? 1.0 : 2.0;
                sum -= factor / ((4.0 * j * j) - 1) * Math.Cos(2 * Math.PI * j * point / intervals);
            }

            weights[point] = sum / intervals / (point == 0 || point == intervals ? 2 : 1);
        }

        return weights;
    }
}
