using System.Text.Json.Serialization;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What a byte-level BPE tokenizer is made of; the installed form of a model keeps it as JSON.</summary>
public sealed record BpeVocabulary
{
    /// <summary>How text is cut before merging, one of <see cref="Tokenizers.PreTokenizer.Names"/>.</summary>
    public required string PreTokenizer { get; init; }

    /// <summary>Entries by id, in GPT-2's byte alphabet; control and user-defined entries as plain text.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Ids of tokens that control the model (and of unused ones): never part of text.</summary>
    public required IReadOnlyList<int> Control { get; init; }

    /// <summary>Ids of tokens that are always recognised in text, before merging.</summary>
    public required IReadOnlyList<int> UserDefined { get; init; }

    /// <summary>Pairs in the order of their rank, parted by one space.</summary>
    public required IReadOnlyList<string> Merges { get; init; }
}

/// <summary>JSON of tokenizer files.</summary>
[JsonSerializable(typeof(BpeVocabulary))]
[JsonSerializable(typeof(SentencePieceVocabulary))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class TokenizerJson : JsonSerializerContext;
