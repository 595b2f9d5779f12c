namespace Tollgate.Inference.Quantization;

/// <summary>What blocks must be able to hold: a number of a block is scale × whole number + minimum.</summary>
/// <param name="Bits">Of a whole number: 4 (−8 to 7) or 8 (−128 to 127).</param>
/// <param name="Length">Numbers of a block: 16 or 32.</param>
/// <param name="HasMinima">Whether blocks have minima; without them they are 0.</param>
internal readonly record struct BlockForm(int Bits, int Length, bool HasMinima)
{
    /// <summary>Longest block; columns of every matrix are a multiple of it.</summary>
    public const int Longest = 32;

    /// <summary>The least form that holds what either holds.</summary>
    public BlockForm Join(BlockForm other) =>
        new(Math.Max(Bits, other.Bits), Math.Min(Length, other.Length), HasMinima || other.HasMinima);

    /// <summary>Whether every block of another form can be written in this one.</summary>
    public bool Holds(BlockForm other) => Join(other) == this;
}
