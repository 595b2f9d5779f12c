namespace Tollgate.Training.Updates;

/// <summary>Random numbers that are the same on every machine and with every version of .NET.</summary>
/// <remarks>SplitMix64: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014).</remarks>
internal sealed class SeededRandom(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    /// <summary>The number that belongs to a key.</summary>
    public static ulong Mix(ulong key)
    {
        var value = key + Golden;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>The number at a place of the sequence that belongs to a key.</summary>
    public static ulong At(ulong key, ulong place) => Mix(key + (place * Golden));

    /// <summary>A real number from 0 to below 1.</summary>
    public double NextReal() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Puts items into a random order.</summary>
    public void Shuffle<T>(T[] items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var other = (int)(Next() % (ulong)(i + 1));
            (items[i], items[other]) = (items[other], items[i]);
        }
    }

    private ulong Next()
    {
        var value = Mix(_state);
        _state += Golden;
        return value;
    }
}
