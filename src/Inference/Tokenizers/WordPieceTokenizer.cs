using System.Text;
using System.Text.Json;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>BERT's WordPiece, as a <c>tokenizer.json</c> describes it. Thread-safe.</summary>
public sealed class WordPieceTokenizer : ITokenizer
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
        using var document = Parse(json);
        var root = document.RootElement;

        // Truncation and padding are the caller's affair: longer inputs are refused, and padding is masked. The decoder is not used.
        RequireMembers(
            root, "tokenizer", "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder", "model");
        var model = root.GetProperty("model");
        Require(model, "type", "WordPiece");
        RequireMembers(model, "model", "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
        Require(root.GetProperty("pre_tokenizer"), "type", "BertPreTokenizer");
        RequireMembers(root.GetProperty("pre_tokenizer"), "pre_tokenizer", "type");
        if (root.TryGetProperty("decoder", out var decoder) && decoder.ValueKind != JsonValueKind.Null)
        {
            Require(decoder, "type", "WordPiece");
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
        _specials = ReadSpecials(root);
        (Prefix, Suffix) = ReadFrame(root);
        Pair = PairFrame.Read(root, (processor, name) => FrameIds(processor, name));
    }

    public int VocabularySize { get; }

    /// <summary>Ids before every text, such as <c>[CLS]</c>.</summary>
    public IReadOnlyList<int> Prefix { get; }

    /// <summary>Ids after every text, such as <c>[SEP]</c>.</summary>
    public IReadOnlyList<int> Suffix { get; }

    /// <summary>What frames two texts that are read as one; null where the post-processor has no form for them.</summary>
    internal PairFrame? Pair { get; }

    public ReadOnlySpan<byte> TokenBytes(int id) => _special[id] ? [] : _bytes[id];

    public bool IsSpecial(int id) => _special[id];

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids)
    {
        while (allowSpecial)
        {
            var (start, length, id) = _specials.Find(text);
            EncodeWords(text[..start], ids);
            if (length == 0)
            {
                return;
            }

            ids.Add(id);
            text = text[(start + length)..];
        }

        EncodeWords(text, ids);
    }

    public void Encode(IReadOnlyList<TextSegment> segments, List<int> ids)
    {
        foreach (var segment in segments)
        {
            Encode(segment.Text, segment.FromTemplate, ids);
        }
    }

    private void EncodeWords(ReadOnlySpan<char> text, List<int> ids)
    {
        var normal = _normalizer.Normalize(text).AsSpan();
        var start = 0;
        for (var at = 0; at < normal.Length;)
        {
            Rune.DecodeFromUtf16(normal[at..], out var rune, out var length);
            var isSpace = Rune.IsWhiteSpace(rune);
            if (isSpace || IsPunctuation(rune))
            {
                EncodeWord(normal[start..at], ids);
                if (!isSpace)
                {
                    EncodeWord(normal.Slice(at, length), ids);
                }

                start = at + length;
            }

            at += length;
        }

        EncodeWord(normal[start..], ids);
    }

    /// <summary>The longest entry that fits, then the longest continuation, and so on; one unknown token when there is none.</summary>
    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.IsEmpty)
        {
            return;
        }

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
                ids.RemoveRange(before, ids.Count - before);
                break;
            }

            ids.Add(id);
            rest = rest[length..];
        }

        if (ids.Count == before)
        {
            ids.Add(_unknown);
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

    private static bool IsPunctuation(Rune rune) => rune.Value < 128
        ? rune.Value is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~')
        : Rune.IsPunctuation(rune);

    private int Id(string entry) =>
        _ids.TryGetValue(entry, out var id) ? id : throw new FormatException($"The tokenizer's vocabulary lacks '{entry}'.");

    private static JsonDocument Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json.ToArray());
        }
        catch (JsonException exception)
        {
            throw new FormatException($"The file is not JSON: {exception.Message}", exception);
        }
    }

    private static BertNormalizer ReadNormalizer(JsonElement normalizer)
    {
        Require(normalizer, "type", "BertNormalizer");
        RequireMembers(normalizer, "normalizer", "type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        var lowercase = Flag("lowercase", otherwise: true);
        return new BertNormalizer(
            Flag("clean_text", true), Flag("handle_chinese_chars", true), Flag("strip_accents", lowercase), lowercase);

        bool Flag(string name, bool otherwise) => normalizer.TryGetProperty(name, out var flag) && flag.ValueKind != JsonValueKind.Null
            ? flag.GetBoolean()
            : otherwise;
    }

    private SpecialTokens ReadSpecials(JsonElement root)
    {
        var specials = new List<(string, int)>();
        foreach (var token in root.TryGetProperty("added_tokens", out var added) ? added.EnumerateArray().ToArray() : [])
        {
            var id = token.GetProperty("id").GetInt32();
            if (id < 0 || id >= VocabularySize)
            {
                throw new FormatException($"The tokenizer's added token {id} is outside its vocabulary.");
            }

            var content = token.GetProperty("content").GetString()!;
            RequireMembers(token, "added_tokens", "id", "content", "special", "single_word", "lstrip", "rstrip", "normalized");
            if (!token.GetProperty("special").GetBoolean())
            {
                throw new FormatException(
                    $"The tokenizer's added token '{content}' is not special: tokens that texts are searched for are not supported.");
            }

            specials.Add((content, id));
            _special[id] = true;
        }

        return new SpecialTokens(specials);
    }

    /// <summary>Reads what the post-processor puts around one text.</summary>
    private (int[] Prefix, int[] Suffix) ReadFrame(JsonElement root)
    {
        if (!root.TryGetProperty("post_processor", out var processor) || processor.ValueKind == JsonValueKind.Null)
        {
            return ([], []);
        }

        if (processor.GetProperty("type").GetString() == "BertProcessing")
        {
            return ([processor.GetProperty("cls")[1].GetInt32()], [processor.GetProperty("sep")[1].GetInt32()]);
        }

        Require(processor, "type", "TemplateProcessing");
        RequireMembers(processor, "post_processor", "type", "single", "pair", "special_tokens");
        var (prefix, suffix, seen) = (new List<int>(), new List<int>(), false);
        foreach (var part in processor.GetProperty("single").EnumerateArray())
        {
            RequireMembers(part, "post_processor", "SpecialToken", "Sequence");
            var isToken = part.TryGetProperty("SpecialToken", out var piece);
            piece = isToken ? piece : part.GetProperty("Sequence");
            if (piece.TryGetProperty("type_id", out var type) && type.GetInt32() != 0)
            {
                throw new FormatException("The tokenizer's post-processor gives one text a type other than 0, which is not supported.");
            }

            if (isToken)
            {
                (seen ? suffix : prefix).AddRange(FrameIds(processor, piece.GetProperty("id").GetString()!));
            }
            else if (seen)
            {
                throw new FormatException("The tokenizer's post-processor repeats the text, which is not supported.");
            }
            else
            {
                seen = true;
            }
        }

        return seen
            ? ([.. prefix], [.. suffix])
            : throw new FormatException("The tokenizer's post-processor leaves the text out, which is not supported.");
    }

    /// <summary>The ids that the post-processor gives a token of its frame; its vocabulary's where it gives none.</summary>
    private int[] FrameIds(JsonElement processor, string name)
    {
        if (!processor.TryGetProperty("special_tokens", out var tokens) || !tokens.TryGetProperty(name, out var token))
        {
            return [Id(name)];
        }

        var ids = token.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
        return Array.TrueForAll(ids, id => id >= 0 && id < VocabularySize)
            ? ids : throw new FormatException($"The tokenizer's post-processor puts '{name}' outside its vocabulary.");
    }

    /// <summary>Refuses members that nothing here reads: what they ask for would be left undone without a word.</summary>
    private static void RequireMembers(JsonElement element, string what, params ReadOnlySpan<string> known)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                throw new FormatException($"The tokenizer's '{what}' has the member '{member.Name}', which is not supported.");
            }
        }
    }

    private static void Require(JsonElement element, string name, string value)
    {
        var found = element.ValueKind == JsonValueKind.Object
            && element.TryGetProperty(name, out var property) ? property.GetString() : null;
        if (found != value)
        {
            throw new FormatException($"The tokenizer uses '{found}' where only '{value}' is supported.");
        }
    }
}
