namespace Tollgate.Inference.Gguf;

/// <summary>One tensor of a GGUF file, row-major: <see cref="Rows"/> rows of <see cref="Columns"/> numbers.</summary>
/// <param name="Columns">GGUF's first dimension, the one that runs fastest.</param>
/// <param name="Rows">All other dimensions multiplied.</param>
/// <param name="Start">Byte position in the file.</param>
internal sealed record GgufTensor(string Name, int Columns, int Rows, TensorEncoding Encoding, long Start)
{
    public long Elements => (long)Columns * Rows;

    public long Bytes => Encoding.BytesFor(Elements);
}
