namespace Tollgate.Training.Batches;

/// <summary>Random numbers that are the same on every machine and version of .NET.</summary>
/// <remarks>SplitMix64: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014).</remarks>
internal sealed class SeededNumbers(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next number, all 64 bits random.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var value = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>Numbers spread evenly between −<paramref name="bound"/> and <paramref name="bound"/>.</summary>
    public float[] Even(long count, double bound)
    {
        var numbers = new float[count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)(((Next() >> 11) * (2.0 / (1UL << 53)) - 1) * bound);
        }

        return numbers;
    }
}
