namespace Tollgate.Inference.Checkpoints;

/// <summary>One tensor of a safetensors file, row-major.</summary>
/// <param name="Type">The format's word, such as <c>BF16</c>.</param>
/// <param name="Shape">Sizes, the slowest first; each at least 1.</param>
/// <param name="Start">Byte position in the file.</param>
internal sealed record SafetensorsTensor(string Name, string Type, IReadOnlyList<int> Shape, long Start)
{
    /// <summary>The shape in words, such as <c>[32, 64]</c>.</summary>
    public string Size => $"[{string.Join(", ", Shape)}]";
}
