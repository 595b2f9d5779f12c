namespace Tollgate.Inference.Generation;

/// <summary>
/// Random numbers that depend on nothing but the seed, the choice and the position: not on the batch row, the load or what ran before. So
/// a seeded request gives the same tokens whatever else runs.
/// </summary>
internal static class SamplingNoise
{
    /// <summary>A number from 0 to below 1, with 53 random bits.</summary>
    /// <param name="choice">Index over all choices of the request.</param>
    /// <param name="position">Index of the token within its answer.</param>
    public static double Uniform(long seed, int choice, int position)
    {
        var bits = Mix((ulong)seed + 0x9E3779B97F4A7C15);
        bits = Mix(bits + (uint)choice * 0xD1B54A32D192ED03);
        bits = Mix(bits + (uint)position * 0x8CB92BA72F3D8DD7);
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection in
    /// which every input bit moves every output bit.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
