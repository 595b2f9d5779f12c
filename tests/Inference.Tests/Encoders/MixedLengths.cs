namespace Tollgate.Inference.Tests.Encoders;

/// <summary>Lengths of texts as users send them.</summary>
internal static class MixedLengths
{
    /// <summary>Tokens of the next text: a question of 6 to 24 or, one in four, a passage of 150 to 450; or log-normal with a median of
    /// 40, between 4 and 500.</summary>
    public static int Next(Random random, bool logNormal) => logNormal
        ? (int)Math.Clamp(40 * Math.Exp(Normal(random)), 4, 500)
        : random.Next(4) == 0 ? random.Next(150, 451) : random.Next(6, 25);

    /// <summary>Box and Muller (1958).</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
