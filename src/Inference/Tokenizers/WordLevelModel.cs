using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>A vocabulary of whole words: a piece is one token. Thread-safe.</summary>
internal sealed class WordLevelModel : IPieceModel
{
    private const int MostEntries = 4_194_304;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <param name="model">The member of a <c>tokenizer.json</c>.</param>
    /// <exception cref="FormatException">It asks for what is not supported, or has no token for unknown words.</exception>
    public WordLevelModel(JsonElement model)
    {
        TokenizerMembers.RequireOnly(model, "model", "type", "unk_token", "vocab");
        (_ids, Entries) = TokenizerMembers.ReadVocabulary(model.GetProperty("vocab"), MostEntries);
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var unknown = TokenizerMembers.Find(model, "unk_token")?.GetString() ?? "<unk>";
        Unknown = _ids.TryGetValue(unknown, out var id) ? id : throw new FormatException($"The tokenizer's vocabulary lacks '{unknown}'.");
    }

    public bool SpellsBytes => false;

    public int? Unknown { get; }

    public IReadOnlyList<string?> Entries { get; }

    public int? Find(string entry) => _ids.TryGetValue(entry, out var id) ? id : null;

    public void Encode(ReadOnlySpan<char> piece, List<int> ids, List<SpelledToken>? spelled)
    {
        ids.Add(_lookup.TryGetValue(piece, out var id) ? id : Unknown!.Value);
        spelled?.Add(new SpelledToken(piece.ToString()));
    }
}
