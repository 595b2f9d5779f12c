namespace Tollgate.Inference.Tokenizers;

/// <summary>What SentencePiece's BPE is made of, as GGUF files hold it; the installed form of a model keeps it as JSON.</summary>
public sealed record SentencePieceVocabulary
{
    /// <summary>Pieces by id, with ▁ for a blank.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Of each piece: two neighbours that are a piece together are merged, those with the highest score first.</summary>
    public required IReadOnlyList<float> Scores { get; init; }

    /// <summary>Ids of tokens that control the model, and of unknown and unused ones: never part of text.</summary>
    public required IReadOnlyList<int> Control { get; init; }

    /// <summary>Ids of tokens that are always recognised in text, before merging.</summary>
    public required IReadOnlyList<int> UserDefined { get; init; }

    /// <summary>Ids of the tokens for single bytes, which spell characters without a piece.</summary>
    public required IReadOnlyList<int> Bytes { get; init; }

    /// <summary>The token for characters without a piece whose bytes have none; null: such characters are dropped.</summary>
    public int? Unknown { get; init; }

    /// <summary>Whether a blank is put before each text, behind a control token too.</summary>
    public required bool AddSpacePrefix { get; init; }
}
