using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>BERT's WordPiece, as a <c>tokenizer.json</c> describes it. Thread-safe.</summary>
internal sealed class WordPieceTokenizer : IFramedTokenizer
{
    /// <summary>The search for the pieces of a word takes time by the cube of its length.</summary>
    private const int MostWordCharacters = 200;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _continued;
    private readonly BertNormalizer _normalizer;
    private readonly SpecialTokens _specials;
    private readonly bool[] _special;
    private readonly byte[][] _bytes;
    private readonly int _unknown;
    private readonly int _longestWord;
    private readonly int _longestEntry;

    /// <exception cref="FormatException">The file describes something else than BERT's tokenizer, or contradicts itself.</exception>
    public WordPieceTokenizer(ReadOnlySpan<byte> json)
    {
        using var document = TokenizerMembers.Parse(json);
        var root = document.RootElement;

        // Truncation and padding are the caller's affair: longer inputs are refused, and padding is masked. The decoder is not used.
        TokenizerMembers.RequireOnly(
            root, "tokenizer", "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder", "model");
        var model = root.GetProperty("model");
        TokenizerMembers.Require(model, "type", "WordPiece");
        TokenizerMembers.RequireOnly(model, "model", "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
        TokenizerMembers.Require(root.GetProperty("pre_tokenizer"), "type", "BertPreTokenizer");
        TokenizerMembers.RequireOnly(root.GetProperty("pre_tokenizer"), "pre_tokenizer", "type");
        if (root.TryGetProperty("decoder", out var decoder) && decoder.ValueKind != JsonValueKind.Null)
        {
            TokenizerMembers.Require(decoder, "type", "WordPiece");
        }

        _normalizer = ReadNormalizer(root.GetProperty("normalizer"));
        _longestWord = model.TryGetProperty("max_input_chars_per_word", out var longest) ? longest.GetInt32() : 100;
        if (_longestWord is < 1 or > MostWordCharacters)
        {
            throw new FormatException(
                $"The tokenizer's 'max_input_chars_per_word' is {_longestWord}; 1 to {MostWordCharacters} are supported.");
        }

        var prefix = model.TryGetProperty("continuing_subword_prefix", out var text) ? text.GetString()! : "##";
        _ids = model.GetProperty("vocab").EnumerateObject().ToDictionary(e => e.Name, e => e.Value.GetInt32(), StringComparer.Ordinal);
        VocabularySize = _ids.Values.Max() + 1;
        if (_ids.Values.Min() < 0 || VocabularySize > 4_194_304)
        {
            throw new FormatException("The tokenizer's ids are out of range.");
        }

        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _continued = _ids
            .Where(e => e.Key.Length > prefix.Length && e.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(e => e.Key[prefix.Length..], e => e.Value, StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _longestEntry = _ids.Keys.Max(k => k.Length);
        _unknown = Id(model.TryGetProperty("unk_token", out var unknown) ? unknown.GetString()! : "[UNK]");
        _bytes = new byte[VocabularySize][];
        Array.Fill(_bytes, []);
        foreach (var (entry, id) in _ids)
        {
            _bytes[id] = Encoding.UTF8.GetBytes(entry.StartsWith(prefix, StringComparison.Ordinal) ? entry[prefix.Length..] : entry);
        }

        _special = new bool[VocabularySize];
        var specials = TokenizerMembers.ReadSpecials(root, VocabularySize);
        _specials = new SpecialTokens(specials);
        foreach (var (_, id) in specials)
        {
            _special[id] = true;
        }

        Frame = TextFrame.Read(root, Id, VocabularySize);
    }

    public int VocabularySize { get; }

    public TextFrame Frame { get; }

    public ReadOnlySpan<byte> TokenBytes(int id) => _special[id] ? [] : _bytes[id];

    public bool IsSpecial(int id) => _special[id];

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids) =>
        _specials.Encode(text, allowSpecial, ids, EncodeWords);

    public string Normalize(ReadOnlySpan<char> text) => _normalizer.Normalize(text);

    public IReadOnlyList<SpelledToken> Spell(string text)
    {
        var spelled = new List<SpelledToken>();
        EncodeWords(text, [], spelled);
        return spelled;
    }

    private void EncodeWords(ReadOnlySpan<char> text, List<int> ids) => EncodeWords(text, ids, spelled: null);

    private void EncodeWords(ReadOnlySpan<char> text, List<int> ids, List<SpelledToken>? spelled)
    {
        for (var words = new BertWords(_normalizer.Normalize(text)); words.MoveNext();)
        {
            EncodeWord(words.Current, ids, spelled);
        }
    }

    /// <summary>The longest entry that fits, then the longest continuation, and so on; one unknown token when there is none.</summary>
    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids, List<SpelledToken>? spelled)
    {
        var before = ids.Count;
        var lookup = _lookup;
        for (var rest = IsTooLong(word) ? default : word; !rest.IsEmpty; lookup = _continued)
        {
            var length = Math.Min(rest.Length, _longestEntry);
            var id = -1;
            while (length > 0 && !lookup.TryGetValue(rest[..length], out id))
            {
                length--;
            }

            if (length == 0)
            {
                spelled?.RemoveRange(before, ids.Count - before);
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
            spelled?.Add(new SpelledToken(word.ToString()));
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

    private int Id(string entry) =>
        _ids.TryGetValue(entry, out var id) ? id : throw new FormatException($"The tokenizer's vocabulary lacks '{entry}'.");

    private static BertNormalizer ReadNormalizer(JsonElement normalizer)
    {
        TokenizerMembers.Require(normalizer, "type", "BertNormalizer");
        TokenizerMembers.RequireOnly(normalizer, "normalizer", "type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        var lowercase = Flag("lowercase", otherwise: true);
        return new BertNormalizer(
            Flag("clean_text", true), Flag("handle_chinese_chars", true), Flag("strip_accents", lowercase), lowercase);

        bool Flag(string name, bool otherwise) => normalizer.TryGetProperty(name, out var flag) && flag.ValueKind != JsonValueKind.Null
            ? flag.GetBoolean()
            : otherwise;
    }
}
