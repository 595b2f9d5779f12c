using System.Buffers.Binary;

namespace Tollgate.Contracts.Federated;

/// <summary>
/// Numbers as whole multiples of 2⁻³² modulo 2⁶⁴. Sums in this ring are exact whatever their order, so that masks cancel to the last bit.
/// </summary>
public static class RingVector
{
    /// <summary>Bytes of one number.</summary>
    public const int NumberBytes = sizeof(ulong);

    /// <summary>Largest magnitude of one number: 255 of them cannot run over.</summary>
    public const double Most = 1 << 22;

    private const double Steps = 4_294_967_296;

    /// <summary>Cuts each number to a multiple of 2⁻³², towards zero: no norm grows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is none, or larger than <see cref="Most"/>.</exception>
    public static ulong[] Encode(ReadOnlySpan<double> numbers)
    {
        var vector = new ulong[numbers.Length];
        for (var i = 0; i < vector.Length; i++)
        {
            if (!(Math.Abs(numbers[i]) <= Most))
            {
                throw new ArgumentOutOfRangeException(nameof(numbers), numbers[i], $"Number {i} is not between -{Most} and {Most}.");
            }

            vector[i] = unchecked((ulong)(long)Math.Truncate(numbers[i] * Steps));
        }

        return vector;
    }

    /// <summary>The numbers of a vector without masks; exact up to 2²⁰.</summary>
    public static double[] Decode(ReadOnlySpan<ulong> vector)
    {
        var numbers = new double[vector.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = unchecked((long)vector[i]) / Steps;
        }

        return numbers;
    }

    /// <summary>Adds a vector of the same length to a sum.</summary>
    public static void Add(Span<ulong> sum, ReadOnlySpan<ulong> vector)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] = unchecked(sum[i] + vector[i]);
        }
    }

    /// <summary>Little-endian, 8 bytes a number.</summary>
    public static byte[] ToBytes(ReadOnlySpan<ulong> vector)
    {
        var bytes = new byte[vector.Length * NumberBytes];
        for (var i = 0; i < vector.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * NumberBytes), vector[i]);
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    public static ulong[] FromBytes(ReadOnlySpan<byte> bytes)
    {
        var vector = new ulong[bytes.Length / NumberBytes];
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * NumberBytes)..]);
        }

        return vector;
    }
}
