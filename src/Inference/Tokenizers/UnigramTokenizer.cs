using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>
/// SentencePiece's unigram model, as a <c>tokenizer.json</c> describes it: of all ways to cut a text into pieces the one with the highest
/// sum of scores. Thread-safe.
/// </summary>
/// <remarks>Kudo, Subword Regularization (2018), section 3.2; the search is that of SentencePiece's <c>EncodeOptimized</c>. Its time grows
/// with the length of the text times that of the longest piece, which is bounded. Control tokens are no pieces: their text in a user's
/// text is text.</remarks>
internal sealed class UnigramTokenizer : IFramedTokenizer
{
    /// <summary>How much less an unknown character scores than the worst piece.</summary>
    private const double UnknownPenalty = 10;

    private const int MostPieces = 4_194_304;
    private const int LongestPiece = 512;

    private readonly UnigramNormalizer _normalizer;
    private readonly Metaspace _metaspace;
    private readonly PieceTree _tree;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknown;
    private readonly int[]? _byteIds;
    private readonly byte[][] _bytes;
    private readonly bool[] _special;
    private readonly SpecialTokens _specials;

    /// <exception cref="FormatException">The file describes another kind of tokenizer, or contradicts itself.</exception>
    public UnigramTokenizer(ReadOnlySpan<byte> json)
    {
        using var document = TokenizerMembers.Parse(json);
        var root = document.RootElement;

        // Truncation and padding are the caller's affair: longer inputs are refused, and padding is masked. The decoder is not used.
        TokenizerMembers.RequireOnly(
            root, "tokenizer", "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder", "model");
        var model = root.GetProperty("model");
        TokenizerMembers.Require(model, "type", "Unigram");
        TokenizerMembers.RequireOnly(model, "model", "type", "unk_id", "vocab", "byte_fallback");
        _normalizer = UnigramNormalizer.Read(TokenizerMembers.Find(root, "normalizer"));
        _metaspace = Metaspace.Read(root.GetProperty("pre_tokenizer"));
        (string Text, double Score)[] pieces =
            [.. model.GetProperty("vocab").EnumerateArray().Select(piece => (piece[0].GetString()!, piece[1].GetDouble()))];
        var specials = TokenizerMembers.ReadSpecials(root, MostPieces);
        VocabularySize = Math.Max(pieces.Length, specials.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        _unknown = TokenizerMembers.Find(model, "unk_id")?.GetInt32() ?? -1;
        CheckPieces(pieces);
        _scores = Array.ConvertAll(pieces, piece => piece.Score);
        _unknownScore = _scores.Min() - UnknownPenalty;
        _special = new bool[VocabularySize];
        _special[_unknown] = true;
        foreach (var (_, id) in specials)
        {
            _special[id] = true;
        }

        _specials = new SpecialTokens(specials);
        _byteIds = TokenizerMembers.Find(model, "byte_fallback")?.GetBoolean() == true ? FindBytes(pieces) : null;
        _bytes = ReadBytes(pieces);
        _tree = new PieceTree(pieces.Select((piece, id) => (Encoding.UTF8.GetBytes(piece.Text), id))
            .Where(piece => !_special[piece.id] && _byteIds?.Contains(piece.id) != true));
        var ids = pieces.Select((piece, id) => (piece.Text, id)).Concat(specials).DistinctBy(token => token.Item1)
            .ToDictionary(token => token.Item1, token => token.Item2, StringComparer.Ordinal);
        Frame = TextFrame.Read(
            root, name => ids.TryGetValue(name, out var id) ? id : throw new FormatException($"The vocabulary lacks '{name}'."),
            VocabularySize);
        MostExtraTokens = Array.Exists(pieces, piece => piece.Text == _metaspace.Mark.ToString())
            ? 1 : Encoding.UTF8.GetByteCount([_metaspace.Mark]); // In place of a blank, or in front of a text.
        MostTokensPerByte = _normalizer.MostBytesPerByte * MostExtraTokens;
    }

    public int VocabularySize { get; }

    public int MostTokensPerByte { get; }

    public int MostExtraTokens { get; }

    public TextFrame Frame { get; }

    public char? WordMark => _metaspace.Mark;

    public ReadOnlySpan<byte> TokenBytes(int id) => _special[id] ? [] : _bytes[id];

    public bool IsSpecial(int id) => _special[id];

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids) =>
        _specials.Encode(text, allowSpecial, ids, EncodePlain);

    public string Normalize(ReadOnlySpan<char> text) => _normalizer.Apply(text);

    public IReadOnlyList<SpelledToken> Spell(string text)
    {
        var spelled = new List<SpelledToken>();
        EncodePlain(text, [], spelled);
        return spelled;
    }

    private void EncodePlain(ReadOnlySpan<char> text, List<int> ids) => EncodePlain(text, ids, spelled: null);

    private void EncodePlain(ReadOnlySpan<char> text, List<int> ids, List<SpelledToken>? spelled)
    {
        foreach (var piece in _metaspace.Split(_normalizer.Apply(text)))
        {
            EncodePiece(Encoding.UTF8.GetBytes(piece), ids, spelled);
        }
    }

    /// <summary>Finds the best way to each place of a text from its start, and walks back from its end.</summary>
    private void EncodePiece(byte[] text, List<int> ids, List<SpelledToken>? spelled)
    {
        var (scores, starts, found) = (new double[text.Length + 1], new int[text.Length + 1], new int[text.Length + 1]);
        Array.Fill(starts, -1);
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf8(text.AsSpan(at), out _, out var length);
            var isKnown = false;
            var node = PieceTree.Root;
            for (var end = at; end < text.Length && (node = _tree.Step(node, text[end])) >= 0;)
            {
                end++;
                if (_tree.ValueAt(node) is >= 0 and var id)
                {
                    Offer(at, end, id, _scores[id]);
                    isKnown |= end == at + length;
                }
            }

            if (!isKnown)
            {
                Offer(at, at + length, _unknown, _unknownScore);
            }

            at += length;
        }

        AddPath(text, starts, found, ids, spelled);

        void Offer(int at, int end, int id, double score)
        {
            if (starts[end] < 0 || scores[at] + score > scores[end])
            {
                (scores[end], starts[end], found[end]) = (scores[at] + score, at, id);
            }
        }
    }

    /// <summary>Appends the ids on the best way. Unknown characters side by side are one token, or one for each byte.</summary>
    private void AddPath(byte[] text, int[] starts, int[] found, List<int> ids, List<SpelledToken>? spelled)
    {
        var path = new Stack<(int Start, int End, int Id)>();
        for (var end = text.Length; end > 0; end = starts[end])
        {
            if (found[end] == _unknown && path.TryPeek(out var after) && after.Id == _unknown)
            {
                path.Pop();
                path.Push((starts[end], after.End, _unknown));
            }
            else
            {
                path.Push((starts[end], end, found[end]));
            }
        }

        foreach (var (start, end, id) in path)
        {
            if (id != _unknown || _byteIds is null)
            {
                ids.Add(id);
                spelled?.Add(new SpelledToken(Encoding.UTF8.GetString(text.AsSpan(start, end - start))));
                continue;
            }

            for (var at = start; at < end; at++)
            {
                ids.Add(_byteIds[text[at]]);
                spelled?.Add(SpellByte(text.AsSpan(at)));
            }
        }
    }

    /// <summary>The token of one byte: the first byte of a character stands for all of it.</summary>
    private static SpelledToken SpellByte(ReadOnlySpan<byte> text) => (text[0] & 0xC0) == 0x80
        ? new SpelledToken("", ContinuesLast: true)
        : new SpelledToken(Rune.DecodeFromUtf8(text, out var rune, out _) == System.Buffers.OperationStatus.Done ? rune.ToString() : "");

    /// <exception cref="FormatException">There are too many, one is too long or has a score that is no number, or none is for unknown
    /// characters.</exception>
    private void CheckPieces((string Text, double Score)[] pieces)
    {
        if (pieces.Length is 0 or > MostPieces || Array.Exists(pieces, piece => piece.Text.Length > LongestPiece))
        {
            throw new FormatException(
                $"The tokenizer has {pieces.Length} pieces, or one of more than {LongestPiece} characters, which is not supported.");
        }

        if (_unknown < 0 || _unknown >= pieces.Length || !Array.TrueForAll(pieces, piece => double.IsFinite(piece.Score)))
        {
            throw new FormatException("The tokenizer's unk_id is none of its pieces, or a score is no number.");
        }
    }

    /// <summary>The ids of the tokens for single bytes; null where one is missing, as unknown characters then are unknown.</summary>
    private static int[]? FindBytes((string Text, double Score)[] pieces)
    {
        var ids = new int[256];
        Array.Fill(ids, -1);
        for (var id = 0; id < pieces.Length; id++)
        {
            if (TryReadByte(pieces[id].Text, out var value))
            {
                ids[value] = id;
            }
        }

        return ids.Contains(-1) ? null : ids;
    }

    private static bool TryReadByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private byte[][] ReadBytes((string Text, double Score)[] pieces)
    {
        var bytes = new byte[VocabularySize][];
        Array.Fill(bytes, []);
        for (var id = 0; id < pieces.Length; id++)
        {
            bytes[id] = _byteIds is not null && TryReadByte(pieces[id].Text, out var value)
                ? [value] : Encoding.UTF8.GetBytes(pieces[id].Text.Replace(_metaspace.Mark, ' '));
        }

        return bytes;
    }
}
