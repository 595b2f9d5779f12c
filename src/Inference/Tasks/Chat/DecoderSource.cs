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

    /// <summary>Compares the weights with what the source itself computes; null where the source is weights only.</summary>
    public SourceCheck? Verify { get; init; }
}

/// <summary>Compares weights with what their source computes.</summary>
/// <param name="prompt">Ids of the prompt to compare on.</param>
/// <returns>What was measured, for the operator.</returns>
/// <exception cref="ModelImportException">They differ.</exception>
internal delegate string SourceCheck(DecoderWeights weights, ReadOnlySpan<int> prompt, CancellationToken cancellationToken);
