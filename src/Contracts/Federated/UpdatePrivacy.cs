using System.Security.Cryptography;

namespace Tollgate.Contracts.Federated;

/// <summary>What bounds and blurs one participant's numbers before they are masked.</summary>
/// <remarks>McMahan et al., Learning differentially private recurrent language models (2018).</remarks>
public static class UpdatePrivacy
{
    /// <summary>Scales numbers down to a norm, where theirs is larger.</summary>
    /// <param name="most">Largest Euclidean norm.</param>
    /// <returns>The norm before.</returns>
    public static double Clip(Span<double> numbers, double most)
    {
        var squares = 0.0;
        foreach (var number in numbers)
        {
            squares += number * number;
        }

        var norm = Math.Sqrt(squares);
        if (norm > most)
        {
            // A hair below, so that rounding cannot lift the norm above the bound.
            var factor = most / norm * (1 - 1e-12);
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] *= factor;
            }
        }

        return norm;
    }

    /// <summary>Adds normal noise with a deviation to each number, from the system's generator of keys.</summary>
    /// <remarks>The sums of at least <paramref name="minimum"/> participants have the deviation of the whole.</remarks>
    /// <param name="deviation">Of the sum.</param>
    /// <param name="minimum">Fewest participants of a sum.</param>
    public static void AddShareOfNoise(Span<double> numbers, double deviation, int minimum)
    {
        if (deviation == 0)
        {
            return;
        }

        var own = deviation / Math.Sqrt(minimum);
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] += own * Normal();
        }
    }

    /// <summary>Box and Muller's method over 53 random bits twice.</summary>
    private static double Normal()
    {
        const int DroppedBits = 11;
        const double Scale = 1.0 / (1L << 53);
        Span<ulong> bits = stackalloc ulong[2];
        RandomNumberGenerator.Fill(System.Runtime.InteropServices.MemoryMarshal.AsBytes(bits));
        var (radius, angle) = (((bits[0] >> DroppedBits) + 1) * Scale, (bits[1] >> DroppedBits) * Scale);
        return Math.Sqrt(-2 * Math.Log(radius)) * Math.Cos(2 * Math.PI * angle);
    }
}
