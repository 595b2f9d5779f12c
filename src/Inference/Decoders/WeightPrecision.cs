namespace Tollgate.Inference.Decoders;

/// <summary>How a graph holds the matrices of a decoder. Norms, biases and tables of the rotation have the type of the
/// activations.</summary>
internal enum WeightPrecision
{
    /// <summary>Numbers of 32 bits; of 16 with <see cref="DecoderShape.HalfActivations"/>.</summary>
    Float32,

    /// <summary>As the file: blocks stay blocks, with the numbers of the file, and numbers stay numbers. Products are those of
    /// float32.</summary>
    AsStored,

    /// <summary>Blocks of 8 bits; inputs of products are rounded to 8 bits too.</summary>
    Int8,

    /// <summary>Blocks of 4 bits, inputs as of <see cref="Int8"/>; the tables of the embedding and of the output of 8, since a model
    /// repeats itself where they are coarse.</summary>
    Int4,
}
