using System.Buffers;
using System.Text;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Byte-level byte-pair encoding, as GPT-2 and most models after it use it. Thread-safe.</summary>
/// <remarks>Time is n log n in the longest piece of a text: a run of one letter is no weapon.</remarks>
public sealed class BpeTokenizer : ITokenizer
{
    private readonly string _preTokenizer;
    private readonly PreTokenizer[] _rules;
    private readonly byte[][] _bytes;
    private readonly bool[] _special;
    private readonly Dictionary<int, string> _specialTexts = [];
    private readonly int[] _byteIds = new int[256];
    private readonly BytePairMerges _merges;
    private readonly Dictionary<string, int>? _wholePieces;
    private readonly SpecialTokens _allSpecials;
    private readonly SpecialTokens _controls;
    private readonly SpecialTokens _userDefined;
    private readonly PieceCache _cache = new();
    private readonly PieceEncoder _encodePiece;

    /// <exception cref="FormatException">The vocabulary contradicts itself.</exception>
    public BpeTokenizer(BpeVocabulary vocabulary)
    {
        _preTokenizer = vocabulary.PreTokenizer;
        if (!PreTokenizer.Names.Contains(_preTokenizer))
        {
            throw new FormatException(
                $"The pre-tokenizer '{_preTokenizer}' is not supported; these are: {string.Join(", ", PreTokenizer.Names)}.");
        }

        _rules = PreTokenizer.Find(_preTokenizer);
        _encodePiece = EncodePiece;
        VocabularySize = vocabulary.Tokens.Count;
        _special = new bool[VocabularySize];
        var plain = new bool[VocabularySize];
        foreach (var id in vocabulary.Control.Concat(vocabulary.UserDefined))
        {
            plain[id] = true;
        }

        foreach (var id in vocabulary.Control)
        {
            _special[id] = true;
            _specialTexts[id] = vocabulary.Tokens[id];
        }

        _bytes = new byte[VocabularySize][];
        var ids = new Dictionary<string, int>(VocabularySize, StringComparer.Ordinal);
        for (var id = 0; id < VocabularySize; id++)
        {
            _bytes[id] = DecodeEntry(vocabulary.Tokens[id], plain[id], _special[id]);
            if (!plain[id])
            {
                ids.TryAdd(vocabulary.Tokens[id], id);
            }
        }

        for (var value = 0; value < 256; value++)
        {
            _byteIds[value] = ids.TryGetValue(ByteAlphabet.ToChar((byte)value).ToString(), out var id) ? id : -1;
        }

        _merges = new BytePairMerges(vocabulary.Merges, ids);
        _wholePieces = PreTokenizer.TakesWholePieces(_preTokenizer) ? ids : null;
        var userDefined = vocabulary.UserDefined.Select(id => (vocabulary.Tokens[id], id)).ToArray();
        _userDefined = new SpecialTokens(userDefined);
        var controls = vocabulary.Control.Select(id => (vocabulary.Tokens[id], id)).ToArray();
        _controls = new SpecialTokens(controls);
        _allSpecials = new SpecialTokens(userDefined.Concat(controls));
    }

    public int VocabularySize { get; }

    public int MostTokensPerByte => PreTokenizer.Composes(_preTokenizer) ? CanonicalForms.MostBytesPerByte : 1;

    public ReadOnlySpan<byte> TokenBytes(int id) => _bytes[id];

    public bool IsSpecial(int id) => _special[id];

    public string SpecialText(int id) => _specialTexts.GetValueOrDefault(id, "");

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids)
    {
        var specials = allowSpecial ? _allSpecials : _userDefined;
        while (text.Length > 0)
        {
            var (start, length, id) = specials.Find(text);
            EncodePlain(text[..start], ids);
            if (length == 0)
            {
                return;
            }

            ids.Add(id);
            text = text[(start + length)..];
        }
    }

    public void Encode(IReadOnlyList<TextSegment> segments, List<int> ids)
    {
        // Text between two control tokens is one run, of the template and of users alike: merges cross its parts, as in training.
        var run = new StringBuilder();
        foreach (var segment in segments)
        {
            if (!segment.FromTemplate)
            {
                run.Append(segment.Text);
                continue;
            }

            var text = segment.Text.AsSpan();
            while (true)
            {
                var (start, length, id) = _controls.Find(text);
                run.Append(text[..start]);
                if (length == 0)
                {
                    break;
                }

                Encode(run.ToString(), allowSpecial: false, ids);
                run.Clear();
                ids.Add(id);
                text = text[(start + length)..];
            }
        }

        Encode(run.ToString(), allowSpecial: false, ids);
    }

    private static byte[] DecodeEntry(string entry, bool isPlain, bool isSpecial)
    {
        if (isSpecial)
        {
            return [];
        }

        return !isPlain && ByteAlphabet.TryDecode(entry, out var bytes) ? bytes : Encoding.UTF8.GetBytes(entry);
    }

    private void EncodePlain(ReadOnlySpan<char> text, List<int> ids)
    {
        if (text.IsEmpty)
        {
            return;
        }

        text = PreTokenizer.Composes(_preTokenizer) ? CanonicalForms.Compose(text.ToString()) : text;

        var pieces = new List<Range>();
        PreTokenizer.Split(_rules, text, 0, pieces);
        foreach (var range in pieces)
        {
            _cache.Encode(text[range], ids, _encodePiece);
        }
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        try
        {
            var utf8 = bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, bytes));
            if (_wholePieces is not null && _wholePieces.TryGetValue(Write(utf8), out var whole))
            {
                ids.Add(whole);
                return;
            }

            Merge(utf8, ids);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static string Write(ReadOnlySpan<byte> utf8)
    {
        var chars = new StringBuilder(utf8.Length);
        foreach (var value in utf8)
        {
            chars.Append(ByteAlphabet.ToChar(value));
        }

        return chars.ToString();
    }

    private void Merge(ReadOnlySpan<byte> utf8, List<int> ids)
    {
        var count = 0;
        var tokens = new int[utf8.Length];
        foreach (var value in utf8)
        {
            if (_byteIds[value] >= 0) // a vocabulary without a byte's entry drops that byte
            {
                tokens[count++] = _byteIds[value];
            }
        }

        count = _merges.Apply(tokens.AsSpan(0, count), new int[count]);
        ids.AddRange(tokens.AsSpan(0, count));
    }
}
