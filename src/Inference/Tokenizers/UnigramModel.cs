using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>
/// SentencePiece's unigram model: of all ways to cut a text into pieces the one with the highest sum of scores. Thread-safe.
/// </summary>
/// <remarks>Kudo, Subword Regularization (2018), section 3.2; the search is that of SentencePiece's <c>EncodeOptimized</c>. Its time grows
/// with the length of the text times that of the longest piece, which is bounded. Control tokens are no pieces: their text in a user's
/// text is text.</remarks>
internal sealed class UnigramModel : IPieceModel
{
    /// <summary>How much less an unknown character scores than the worst piece.</summary>
    private const double UnknownPenalty = 10;

    private const int MostPieces = 4_194_304;
    private const int LongestPiece = 512;

    private readonly PieceTree _tree;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknown;
    private readonly int[]? _byteIds;
    private readonly Dictionary<string, int> _ids;
    private readonly HashSet<string> _pieces;

    /// <param name="model">The member of a <c>tokenizer.json</c>.</param>
    /// <param name="controls">Ids of control tokens.</param>
    /// <exception cref="FormatException">It asks for what is not supported, or contradicts itself.</exception>
    public UnigramModel(JsonElement model, IReadOnlySet<int> controls)
    {
        TokenizerMembers.RequireOnly(model, "model", "type", "unk_id", "vocab", "byte_fallback");
        (string Text, double Score)[] pieces =
            [.. model.GetProperty("vocab").EnumerateArray().Select(piece => (piece[0].GetString()!, piece[1].GetDouble()))];
        _unknown = TokenizerMembers.Find(model, "unk_id")?.GetInt32() ?? -1;
        CheckPieces(pieces);
        Entries = Array.ConvertAll(pieces, piece => piece.Text);
        _scores = Array.ConvertAll(pieces, piece => piece.Score);
        _unknownScore = _scores.Min() - UnknownPenalty;
        _byteIds = TokenizerMembers.Find(model, "byte_fallback")?.GetBoolean() == true ? ByteEntries.Find(Entries) : null;
        var bytes = (_byteIds ?? []).Where(id => id >= 0).ToHashSet();
        (string Text, int Id)[] taken =
        [
            .. pieces.Select((piece, id) => (piece.Text, id))
                .Where(piece => piece.id != _unknown && !controls.Contains(piece.id) && !bytes.Contains(piece.id)),
        ];
        _ids = Entries.Select((entry, id) => (entry!, id)).DistinctBy(entry => entry.Item1)
            .ToDictionary(entry => entry.Item1, entry => entry.id, StringComparer.Ordinal);
        _pieces = [.. taken.Select(piece => piece.Text)];
        _tree = new PieceTree(taken.Select(piece => (Encoding.UTF8.GetBytes(piece.Text), piece.Id)));
    }

    public bool SpellsBytes => _byteIds is not null;

    public int? Unknown => _unknown;

    public IReadOnlyList<string?> Entries { get; }

    public bool IsByte(int id) => _byteIds is not null && ByteEntries.TryRead(Entries[id], out _);

    public int? Find(string entry) => _ids.TryGetValue(entry, out var id) ? id : null;

    public bool Has(string entry) => _pieces.Contains(entry);

    /// <summary>Finds the best way to each place of a text from its start, and walks back from its end.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids, List<SpelledToken>? spelled)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, utf8);
        EncodeBytes(utf8, ids, spelled);
    }

    private void EncodeBytes(byte[] text, List<int> ids, List<SpelledToken>? spelled)
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
            if (id != _unknown || _byteIds is null || !ByteEntries.Cover(_byteIds, text.AsSpan(start, end - start)))
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
        : new SpelledToken(Rune.DecodeFromUtf8(text, out var rune, out _) == OperationStatus.Done ? rune.ToString() : "");

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
}
