using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>BERT's WordPiece: the longest entry that a word begins with, then the longest continuation. Thread-safe.</summary>
internal sealed class WordPieceModel : IPieceModel
{
    /// <summary>The search for the pieces of a word takes time by the cube of its length.</summary>
    private const int MostWordCharacters = 200;

    private const int MostEntries = 4_194_304;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _continued;
    private readonly int _unknown;
    private readonly int _longestWord;
    private readonly int _longestEntry;

    /// <param name="model">The member of a <c>tokenizer.json</c>.</param>
    /// <exception cref="FormatException">It asks for what is not supported, or contradicts itself.</exception>
    public WordPieceModel(JsonElement model)
    {
        TokenizerMembers.RequireOnly(model, "model", "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
        _longestWord = TokenizerMembers.Find(model, "max_input_chars_per_word")?.GetInt32() ?? 100;
        if (_longestWord is < 1 or > MostWordCharacters)
        {
            throw new FormatException(
                $"The tokenizer's 'max_input_chars_per_word' is {_longestWord}; 1 to {MostWordCharacters} are supported.");
        }

        ContinuingPrefix = TokenizerMembers.Find(model, "continuing_subword_prefix")?.GetString() ?? "##";
        (_ids, Entries) = TokenizerMembers.ReadVocabulary(model.GetProperty("vocab"), MostEntries);
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _continued = _ids
            .Where(e => e.Key.Length > ContinuingPrefix.Length && e.Key.StartsWith(ContinuingPrefix, StringComparison.Ordinal))
            .ToDictionary(e => e.Key[ContinuingPrefix.Length..], e => e.Value, StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _longestEntry = _ids.Keys.Max(k => k.Length);
        var unknown = TokenizerMembers.Find(model, "unk_token")?.GetString() ?? "[UNK]";
        _unknown = _ids.TryGetValue(unknown, out var id)
            ? id : throw new FormatException($"The tokenizer's vocabulary lacks '{unknown}'.");
    }

    /// <summary>Begins the entries that continue a word.</summary>
    public string ContinuingPrefix { get; }

    public bool SpellsBytes => false;

    public int? Unknown => _unknown;

    public IReadOnlyList<string?> Entries { get; }

    public int? Find(string entry) => _ids.TryGetValue(entry, out var id) ? id : null;

    /// <summary>One unknown token where no entry fits.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids, List<SpelledToken>? spelled)
    {
        var before = ids.Count;
        var lookup = _lookup;
        for (var rest = IsTooLong(piece) ? default : piece; !rest.IsEmpty; lookup = _continued)
        {
            var length = Math.Min(rest.Length, _longestEntry);
            var id = -1;
            while (length > 0 && !lookup.TryGetValue(rest[..length], out id))
            {
                length--;
            }

            if (length == 0)
            {
                spelled?.RemoveRange(spelled.Count - (ids.Count - before), ids.Count - before);
                ids.RemoveRange(before, ids.Count - before);
                break;
            }

            ids.Add(id);
            spelled?.Add(new SpelledToken(rest[..length].ToString()));
            rest = rest[length..];
        }

        if (ids.Count == before)
        {
            ids.Add(_unknown);
            spelled?.Add(new SpelledToken(piece.ToString()));
        }
    }

    private bool IsTooLong(ReadOnlySpan<char> word)
    {
        if (word.Length <= _longestWord)
        {
            return false;
        }

        var characters = 0;
        foreach (var _ in word.EnumerateRunes())
        {
            characters++;
        }

        return characters > _longestWord;
    }
}
