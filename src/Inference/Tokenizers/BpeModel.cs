using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Byte-pair encoding of a piece: its characters, or its bytes, are merged in the order of the merges. Thread-safe.</summary>
/// <remarks>Time is n log n in the length of the piece.</remarks>
internal sealed class BpeModel : IPieceModel
{
    /// <summary>SentencePiece's sign for a blank.</summary>
    private const char BlankMark = '▁';

    private const int MostEntries = 4_194_304;


    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, int> _characters = [];
    private readonly int[] _ascii = new int[128];
    private readonly int[] _ofByte = new int[256];
    private readonly BytePairMerges _merges;
    private readonly int[]? _fallback;
    private readonly HashSet<int> _byteEntries;
    private readonly string _prefix = "";
    private readonly string _suffix = "";
    private readonly bool _fusesUnknown;
    private readonly bool _takesWholePieces;
    private readonly bool _readsBytes;
    private readonly int _longestEntry;

    /// <summary>Ends of entries that go on with a blank, in UTF-16 units; null where texts cannot be cut at blanks.</summary>
    private readonly HashSet<char>? _beforeBlanks;

    /// <param name="model">The member of a <c>tokenizer.json</c>.</param>
    /// <param name="readsBytes">Whether pieces are read as bytes in GPT-2's alphabet.</param>
    /// <exception cref="FormatException">It asks for what is not supported, or contradicts itself.</exception>
    public BpeModel(JsonElement model, bool readsBytes)
    {
        TokenizerMembers.RequireOnly(
            model, "model", "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges");
        if (TokenizerMembers.Find(model, "dropout") is { } dropout && dropout.GetDouble() != 0)
        {
            throw new FormatException($"The tokenizer's dropout is {dropout}; random tokens are not supported.");
        }

        (_ids, Entries) = TokenizerMembers.ReadVocabulary(model.GetProperty("vocab"), MostEntries);
        _readsBytes = readsBytes;
        _prefix = TokenizerMembers.Find(model, "continuing_subword_prefix")?.GetString() ?? "";
        _suffix = TokenizerMembers.Find(model, "end_of_word_suffix")?.GetString() ?? "";
        _fusesUnknown = TokenizerMembers.Find(model, "fuse_unk")?.GetBoolean() ?? false;
        _takesWholePieces = TokenizerMembers.Find(model, "ignore_merges")?.GetBoolean() ?? false;
        if (readsBytes && (_prefix.Length > 0 || _suffix.Length > 0))
        {
            throw new FormatException("The tokenizer's BPE marks parts of words and reads bytes, which is not supported.");
        }

        if (TokenizerMembers.Find(model, "unk_token")?.GetString() is { } unknown)
        {
            Unknown = _ids.TryGetValue(unknown, out var id)
                ? id : throw new FormatException($"The tokenizer's vocabulary lacks '{unknown}', its unk_token.");
        }

        _fallback = TokenizerMembers.Find(model, "byte_fallback")?.GetBoolean() == true ? ByteEntries.Find(Entries) : null;
        _byteEntries = [.. (_fallback ?? []).Where(id => id >= 0)];
        _merges = new BytePairMerges([.. model.GetProperty("merges").EnumerateArray().Select(ReadMerge)], _ids, _prefix.Length);
        _longestEntry = _ids.Keys.Max(entry => entry.Length);
        IndexCharacters();
        _beforeBlanks = FindBeforeBlanks();
    }

    /// <param name="vocabulary">What SentencePiece's BPE is made of.</param>
    /// <exception cref="FormatException">It contradicts itself.</exception>
    public BpeModel(SentencePieceVocabulary vocabulary)
    {
        var hidden = vocabulary.Control.Concat(vocabulary.Bytes).ToHashSet();
        Entries = [.. vocabulary.Tokens];
        _ids = new Dictionary<string, int>(vocabulary.Tokens.Count, StringComparer.Ordinal);
        var pieces = new List<(int Id, string Text, float Score)>(vocabulary.Tokens.Count);
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            var text = vocabulary.Tokens[id];
            if (text.Length > 0 && !hidden.Contains(id) && _ids.TryAdd(text, id))
            {
                pieces.Add((id, text, vocabulary.Scores[id]));
            }
        }

        _byteEntries = [.. vocabulary.Bytes];
        _fallback = ByteEntries.Find([.. vocabulary.Tokens.Select((text, id) => _byteEntries.Contains(id) ? text : null)]);
        Unknown = vocabulary.Unknown;
        _fusesUnknown = true;
        _merges = BytePairMerges.FromScores(pieces, AddSingleCharacters(pieces));
        _longestEntry = pieces.Count == 0 ? 0 : pieces.Max(piece => piece.Text.Length);
        IndexCharacters();
        _beforeBlanks = FindBeforeBlanks();
    }

    public bool SpellsBytes => _readsBytes || _fallback is not null;

    public int? Unknown { get; }

    public IReadOnlyList<string?> Entries { get; }

    public bool IsByte(int id) => _byteEntries.Contains(id);

    public int? Find(string entry) => _ids.TryGetValue(entry, out var id) && id < Entries.Count ? id : null;

    /// <summary>Up to a blank that no entry has behind the character before it: merges never cross that place.</summary>
    public int FirstPart(ReadOnlySpan<char> piece)
    {
        if (_beforeBlanks is null)
        {
            return piece.Length;
        }

        for (var at = 1; at < piece.Length; at++)
        {
            var next = piece[at..].IndexOf(BlankMark);
            if (next < 0)
            {
                break;
            }

            at += next;
            if (!_beforeBlanks.Contains(piece[at - 1]))
            {
                return at;
            }
        }

        return piece.Length;
    }

    public void Encode(ReadOnlySpan<char> piece, List<int> ids, List<SpelledToken>? spelled)
    {
        if (_takesWholePieces && FindWhole(piece) is { } whole)
        {
            ids.Add(whole);
            spelled?.Add(new SpelledToken(piece.ToString()));
            return;
        }

        var utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        var length = Encoding.UTF8.GetBytes(piece, utf8);
        var symbols = ArrayPool<int>.Shared.Rent(2 * length);
        try
        {
            var tokens = symbols.AsSpan(0, length);
            var places = symbols.AsSpan(length, length);
            var count = _readsBytes ? AddBytes(utf8.AsSpan(0, length), tokens, places) : AddCharacters(piece, tokens, places);
            count = _merges.Apply(tokens[..count], places[..count]);
            for (var i = 0; i < count; i++)
            {
                var end = i + 1 < count ? places[i + 1] : length;
                if (tokens[i] < Entries.Count)
                {
                    ids.Add(tokens[i]);
                    spelled?.Add(Spell(utf8.AsSpan(0, length), places[i], end));
                    continue;
                }

                AddFallback(utf8.AsSpan(0, length), places[i], end, ids, spelled);
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(symbols);
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    /// <summary>A character that has an entry only together with others.</summary>
    private void AddFallback(ReadOnlySpan<byte> utf8, int start, int end, List<int> ids, List<SpelledToken>? spelled)
    {
        if (_fallback is not null && ByteEntries.Cover(_fallback, utf8[start..end]))
        {
            for (var at = start; at < end; at++)
            {
                ids.Add(_fallback[utf8[at]]);
                spelled?.Add(Spell(utf8, at, at + 1));
            }
        }
        else if (Unknown is { } unknown)
        {
            ids.Add(unknown);
            spelled?.Add(Spell(utf8, start, end));
        }
    }

    /// <summary>The characters that begin in a part of a text: the first byte of a character stands for all of it.</summary>
    private static SpelledToken Spell(ReadOnlySpan<byte> utf8, int start, int end)
    {
        var continues = (utf8[start] & 0xC0) == 0x80;
        while (start < end && (utf8[start] & 0xC0) == 0x80)
        {
            start++;
        }

        while (start < end && end < utf8.Length && (utf8[end] & 0xC0) == 0x80)
        {
            end++;
        }

        var text = Encoding.UTF8.GetString(utf8[start..end]);
        return new SpelledToken(text, ContinuesLast: continues && text.Length == 0);
    }

    private int? FindWhole(ReadOnlySpan<char> piece)
    {
        if (piece.Length > _longestEntry)
        {
            return null;
        }

        var text = _readsBytes ? ByteAlphabet.Write(piece.ToString()) : piece.ToString();
        return _ids.TryGetValue(text, out var id) && id < Entries.Count ? id : null;
    }

    private int AddBytes(ReadOnlySpan<byte> utf8, Span<int> tokens, Span<int> places)
    {
        var count = 0;
        for (var at = 0; at < utf8.Length; at++)
        {
            if (_ofByte[utf8[at]] is >= 0 and var id)
            {
                (tokens[count], places[count]) = (id, at);
                count++;
            }
            else
            {
                AddUnknown(tokens, places, ref count, at);
            }
        }

        return count;
    }

    private int AddCharacters(ReadOnlySpan<char> piece, Span<int> tokens, Span<int> places)
    {
        var (count, place) = (0, 0);
        Span<byte> bytes = stackalloc byte[4];
        for (var at = 0; at < piece.Length;)
        {
            Rune.DecodeFromUtf16(piece[at..], out var rune, out var length);
            var id = FindCharacter(rune, isFirst: at == 0, isLast: at + length == piece.Length);
            at += length;
            if (id >= 0)
            {
                (tokens[count], places[count]) = (id, place);
                count++;
            }
            else if (_fallback is not null && ByteEntries.Cover(_fallback, bytes[..rune.EncodeToUtf8(bytes)]))
            {
                for (var i = 0; i < rune.Utf8SequenceLength; i++)
                {
                    (tokens[count], places[count]) = (_fallback[bytes[i]], place + i);
                    count++;
                }
            }
            else
            {
                AddUnknown(tokens, places, ref count, place);
            }

            place += rune.Utf8SequenceLength;
        }

        return count;
    }

    /// <summary>One token for an unknown character, or for several side by side; none where there is no such token.</summary>
    private void AddUnknown(Span<int> tokens, Span<int> places, ref int count, int place)
    {
        if (Unknown is { } unknown && !(_fusesUnknown && count > 0 && tokens[count - 1] == unknown))
        {
            (tokens[count], places[count]) = (unknown, place);
            count++;
        }
    }

    /// <summary>The token of a character at its place in a word; −1 where there is none.</summary>
    private int FindCharacter(Rune rune, bool isFirst, bool isLast)
    {
        if ((_prefix.Length == 0 || isFirst) && (_suffix.Length == 0 || !isLast))
        {
            return rune.Value < 128 ? _ascii[rune.Value] : _characters.GetValueOrDefault(rune.Value, -1);
        }

        return _ids.GetValueOrDefault((isFirst ? "" : _prefix) + rune + (isLast ? _suffix : ""), -1);
    }

    /// <summary>Gives ids behind those of the vocabulary to characters that are parts of entries and have none of their own.</summary>
    private Dictionary<string, int> AddSingleCharacters(List<(int Id, string Text, float Score)> pieces)
    {
        var next = Entries.Count;
        foreach (var text in pieces.SelectMany(piece => piece.Text.EnumerateRunes()).Distinct().Select(rune => rune.ToString()))
        {
            next += _ids.TryAdd(text, next) ? 1 : 0;
        }

        return _ids;
    }

    private void IndexCharacters()
    {
        Array.Fill(_ascii, -1);
        foreach (var (entry, id) in _ids)
        {
            if (entry.Length <= 2 && Rune.DecodeFromUtf16(entry, out var rune, out var length) == OperationStatus.Done
                && length == entry.Length)
            {
                _characters[rune.Value] = id;
                if (rune.Value < 128)
                {
                    _ascii[rune.Value] = id;
                }
            }
        }

        for (var value = 0; value < 256; value++)
        {
            _ofByte[value] = _characters.GetValueOrDefault(ByteAlphabet.ToChar((byte)value), -1);
        }
    }

    private HashSet<char>? FindBeforeBlanks()
    {
        // Where an unknown character is dropped, those on both of its sides are neighbours.
        var drops = Unknown is null && (_fallback is null || _fallback.Contains(-1));
        if (_readsBytes || _takesWholePieces || _prefix.Length > 0 || _suffix.Length > 0 || drops || Find(BlankMark.ToString()) is null)
        {
            return null;
        }

        var before = new HashSet<char>();
        foreach (var entry in _ids.Keys)
        {
            for (var at = entry.IndexOf(BlankMark, 0); at >= 0; at = entry.IndexOf(BlankMark, at + 1))
            {
                if (at > 0)
                {
                    before.Add(entry[at - 1]);
                }
            }
        }

        return before;
    }

    /// <summary>A merge as one text or as a pair.</summary>
    private static (string Left, string Right) ReadMerge(JsonElement merge, int rank)
    {
        if (merge.ValueKind == JsonValueKind.Array)
        {
            return merge.GetArrayLength() == 2
                ? (merge[0].GetString()!, merge[1].GetString()!) : throw new FormatException($"The tokenizer's merge {rank} is no pair.");
        }

        var parts = merge.GetString()!.Split(' ');
        return parts.Length == 2 ? (parts[0], parts[1]) : throw new FormatException($"The tokenizer's merge {rank} is no pair.");
    }
}
