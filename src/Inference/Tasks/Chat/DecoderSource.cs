using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>What a decoder is imported from.</summary>
/// <param name="Weights">Keys and tensors, open for the import.</param>
/// <param name="DescribeAsync">States the files for the manifest; reads all of them.</param>
/// <param name="Notes">What the operator should know of the files.</param>
internal sealed record DecoderSource(
    IWeightFile Weights, Func<CancellationToken, Task<ModelSource>> DescribeAsync, IReadOnlyList<string> Notes)
{
    /// <summary>The tokenizer; null: the one in the keys.</summary>
    public GgufTokenizer? Tokenizer { get; init; }
}
