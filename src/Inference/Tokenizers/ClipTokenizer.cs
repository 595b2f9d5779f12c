using System.Text;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tokenizers;

/// <summary>
/// The tokenizer of CLIP's text encoder: composed form (NFC), lower case, the pieces of <see cref="PreTokenizer.SplitForClip"/>, and
/// byte-pair merges in which the last symbol of a piece carries <c>&lt;/w&gt;</c>. A text is framed by a start and an end token, cut to the
/// encoder's length and padded. Special tokens that a user writes out are ordinary text. Thread-safe.
/// </summary>
/// <remarks>Radford and others, Learning Transferable Visual Models From Natural Language Supervision (2021), section 2.4.</remarks>
internal sealed class ClipTokenizer
{
    private const string WordEnd = "</w>";
    private const int MostEntries = 1_000_000;

    private readonly BytePairMerges _merges;
    private readonly int[] _inner = new int[256];
    private readonly int[] _last = new int[256];
    private readonly string[] _entries;
    private readonly int _start;
    private readonly int _end;
    private readonly int _padding;

    /// <param name="vocabulary">Ids by entry, <c>vocab.json</c>.</param>
    /// <param name="merges">Lines of <c>merges.txt</c> without its heading.</param>
    /// <param name="length">Ids of a framed and padded text.</param>
    /// <exception cref="FormatException">The vocabulary contradicts itself.</exception>
    public ClipTokenizer(Dictionary<string, int> vocabulary, IReadOnlyList<string> merges, ClipSpecials specials, int length)
    {
        if (vocabulary.Count is 0 or > MostEntries || vocabulary.Values.Any(id => id < 0 || id >= vocabulary.Count)
            || vocabulary.Values.Distinct().Count() != vocabulary.Count)
        {
            throw new FormatException("The vocabulary's ids do not run from 0 without gaps.");
        }

        _entries = new string[vocabulary.Count];
        foreach (var (entry, id) in vocabulary)
        {
            _entries[id] = entry;
        }

        _merges = new BytePairMerges(merges, vocabulary);
        (_start, _end, _padding) = (Find(specials.Start), Find(specials.End), Find(specials.Padding));
        var unknown = Find(specials.Unknown);
        for (var value = 0; value < 256; value++)
        {
            var symbol = ByteAlphabet.ToChar((byte)value).ToString();
            _inner[value] = vocabulary.GetValueOrDefault(symbol, unknown);
            _last[value] = vocabulary.GetValueOrDefault(symbol + WordEnd, unknown);
        }

        Length = length >= 3 ? length : throw new FormatException($"The text encoder reads {length} tokens; it must read 3 or more.");

        int Find(string special) => vocabulary.TryGetValue(special, out var id)
            ? id : throw new FormatException($"The vocabulary lacks the special token '{special}'.");
    }

    /// <summary>Ids of a framed and padded text.</summary>
    public int Length { get; }

    public int VocabularySize => _entries.Length;

    /// <summary>Reads a <c>tokenizer</c> folder of the Diffusers layout.</summary>
    /// <param name="length">Tokens that the encoder's graph reads; null: <c>model_max_length</c>, 77 without it.</param>
    /// <exception cref="ModelImportException">A file is missing, is unsound, or asks for what is not supported.</exception>
    public static ClipTokenizer Read(string folder, int? length)
    {
        try
        {
            var config = ClipSpecials.ReadConfig(folder);
            var (vocabulary, merges) = (Path.Combine(folder, "vocab.json"), Path.Combine(folder, "merges.txt"));
            if (!File.Exists(vocabulary) || !File.Exists(merges))
            {
                throw new ModelImportException("The folder tokenizer has no vocab.json and merges.txt of a CLIP tokenizer.");
            }

            var ids = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllBytes(vocabulary))
                ?? throw new FormatException("vocab.json is empty.");
            var lines = File.ReadAllLines(merges).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal));
            return new ClipTokenizer(ids, [.. lines], ClipSpecials.Read(folder, config), length ?? ClipSpecials.ReadLength(config));
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException)
        {
            throw new ModelImportException($"The CLIP tokenizer cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Turns a text into <see cref="Length"/> ids.</summary>
    public ClipText Encode(string text)
    {
        var normal = CanonicalForms.Compose(text).Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
        var pieces = new List<Range>();
        PreTokenizer.SplitForClip(normal, pieces);
        var (room, found) = (Length - 2, new List<int>());
        foreach (var piece in pieces)
        {
            if (found.Count > room)
            {
                break; // What follows is not read.
            }

            EncodePiece(normal.AsSpan(piece), found);
        }

        var read = found.GetRange(0, Math.Min(found.Count, room));
        var ids = new int[Length];
        ids.AsSpan().Fill(_padding);
        ids[0] = _start;
        read.CopyTo(ids, 1);
        ids[read.Count + 1] = _end;
        return new ClipText(ids, read.Count + 2, found.Count > room ? Decode(read) : null);
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.IsWhiteSpace())
        {
            return;
        }

        var utf8 = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, utf8);
        var tokens = Array.ConvertAll(utf8, value => _inner[value]);
        tokens[^1] = _last[utf8[^1]];
        ids.AddRange(tokens.AsSpan(0, _merges.Apply(tokens, new int[tokens.Length])));
    }

    /// <summary>The text that ids stand for, in lower case, with a space between pieces.</summary>
    private string Decode(IEnumerable<int> ids)
    {
        var bytes = new List<byte>();
        foreach (var entry in ids.Select(id => _entries[id]))
        {
            var ends = entry.EndsWith(WordEnd, StringComparison.Ordinal);
            if (ByteAlphabet.TryDecode(ends ? entry[..^WordEnd.Length] : entry, out var part))
            {
                bytes.AddRange(part);
            }

            if (ends)
            {
                bytes.Add((byte)' ');
            }
        }

        return Encoding.UTF8.GetString([.. bytes]).TrimEnd(' ', '\uFFFD');
    }
}

/// <summary>A text as the encoder reads it.</summary>
/// <param name="Used">Ids before the padding.</param>
/// <param name="Cut">What the encoder reads of a text that is longer than it reads; null: it reads all.</param>
internal sealed record ClipText(int[] Ids, int Used, string? Cut);
