using System.Runtime.InteropServices;
using System.Text;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What a <see cref="PipelineTokenizer"/> is made of.</summary>
internal sealed record TokenizerParts
{
    public required IReadOnlyList<AddedToken> Added { get; init; }

    public required TextNormalizer Normalizer { get; init; }

    public required PieceSteps Steps { get; init; }

    public required IPieceModel Model { get; init; }

    public required TokenBytesReader Decoder { get; init; }

    public required TextFrame Frame { get; init; }

    /// <summary>Where a blank is put before a text.</summary>
    public SpaceRule Space { get; init; }
}

/// <summary>
/// A tokenizer in steps, as Hugging Face's library has them: added tokens are found, what lies between them is normalised, cut into pieces,
/// and each piece encoded by a model. Thread-safe.
/// </summary>
/// <remarks>A control token in a user's text is text, as everywhere here; Hugging Face's library takes it for the token.</remarks>
internal sealed class PipelineTokenizer : IFramedTokenizer
{
    /// <summary>No model has so long a context that more could be read.</summary>
    private const int MostGrowth = 4_096;

    private readonly TextNormalizer _normalizer;
    private readonly PieceSteps _steps;
    private readonly IPieceModel _model;
    private readonly AddedTokens _raw;
    private readonly AddedTokens _normalized;
    private readonly Dictionary<int, AddedToken> _added;
    private readonly bool[] _special;
    private readonly byte[][] _bytes;
    private readonly string[] _texts;
    private readonly SpaceRule _space;
    private readonly int _droppedBlanks;
    private readonly PieceCache _cache = new();
    private readonly PieceEncoder _encodePiece;

    /// <exception cref="FormatException">The parts contradict each other.</exception>
    public PipelineTokenizer(TokenizerParts parts)
    {
        (_normalizer, _steps, _model, Frame) = (parts.Normalizer, parts.Steps, parts.Model, parts.Frame);
        _encodePiece = (piece, ids) => _model.Encode(piece, ids, spelled: null);
        var entries = parts.Model.Entries;
        VocabularySize = Math.Max(entries.Count, parts.Added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        _added = parts.Added.GroupBy(token => token.Id).ToDictionary(group => group.Key, group => group.Last());
        _raw = new AddedTokens(parts.Added.Where(token => !token.IsNormalized), text => text);
        _normalized = new AddedTokens(parts.Added.Where(token => token.IsNormalized), _normalizer.Apply);
        (_special, _bytes, _texts) = (new bool[VocabularySize], new byte[VocabularySize][], new string[VocabularySize]);
        foreach (var id in parts.Added.Where(token => token.IsControl).Select(token => token.Id)
            .Append(parts.Model.Unknown ?? -1).Where(id => id >= 0))
        {
            _special[id] = true;
        }

        for (var id = 0; id < VocabularySize; id++)
        {
            var text = _added.TryGetValue(id, out var added) ? added.Text : id < entries.Count ? entries[id] : null;
            _texts[id] = _special[id] ? text ?? "" : "";
            _bytes[id] = _special[id] || text is null
                ? [] : parts.Decoder.BytesOf(text, added is null && parts.Model.IsByte(id));
        }

        _space = parts.Space;
        _droppedBlanks = parts.Decoder.DroppedBlanks;
        WordMark = _steps.Mark ?? (_model.Has("▁") ? '▁' : null);
        MostExtraTokens = _normalizer.MostExtraTokens + _steps.MostExtraTokens;
        MostTokensPerByte = CountMostTokensPerByte(parts.Added);
    }

    public int VocabularySize { get; }

    public int MostTokensPerByte { get; }

    public int MostExtraTokens { get; }

    public TextFrame Frame { get; }

    public char? WordMark { get; }

    public ReadOnlySpan<byte> TokenBytes(int id) => _bytes[id];

    public ReadOnlySpan<byte> TokenBytes(int id, TokenPlace place)
    {
        ReadOnlySpan<byte> bytes = _bytes[id];
        var dropped = place == TokenPlace.Start || (place == TokenPlace.BehindControl && _space == SpaceRule.EveryText)
            ? _droppedBlanks : 0;
        while (dropped > 0 && !bytes.IsEmpty && bytes[0] == ' ')
        {
            bytes = bytes[1..];
            dropped--;
        }

        return bytes;
    }

    public bool IsSpecial(int id) => _special[id];

    public string SpecialText(int id) => _texts[id];

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids) =>
        EncodeRun(text.ToString(), atStart: true, allowSpecial, ids, spelled: null);

    public void Encode(IReadOnlyList<TextSegment> segments, List<int> ids)
    {
        // Text between two control tokens is one run, of the template and of users alike: merges cross its parts, as in training.
        var (run, atStart, trims) = (new StringBuilder(), true, false);
        foreach (var segment in segments)
        {
            var text = segment.Text;
            for (var at = 0; at < text.Length;)
            {
                var (start, end, id) = segment.FromTemplate ? FindControl(text, at) : (text.Length, text.Length, -1);
                run.Append(text, at, start - at);
                at = end;
                if (id >= 0)
                {
                    EncodeBefore(id);
                }
            }
        }

        EncodeBefore(id: -1);

        void EncodeBefore(int id)
        {
            var text = run.ToString();
            run.Clear();
            text = trims ? text.TrimStart() : text;
            text = id >= 0 && _added[id].TrimsLeft ? text.TrimEnd() : text;
            EncodeRun(text, atStart, withControls: false, ids, spelled: null);
            if (id >= 0)
            {
                ids.Add(id);
                (atStart, trims) = (false, _added[id].TrimsRight);
            }
        }
    }

    public string Normalize(ReadOnlySpan<char> text) => _normalizer.Apply(WithoutHalves(text.ToString()));

    public IReadOnlyList<SpelledToken> Spell(string text)
    {
        var spelled = new List<SpelledToken>();
        EncodeRun(text, atStart: true, withControls: false, [], spelled);
        return spelled;
    }

    /// <summary>The first control token of a template's text, written as it is.</summary>
    private (int Start, int End, int Id) FindControl(string text, int from)
    {
        for (var at = from; at < text.Length;)
        {
            var found = _raw.Find(text, at, withControls: true);
            if (found.Id < 0)
            {
                break;
            }

            if (_special[found.Id])
            {
                return found;
            }

            at = found.End;
        }

        return (text.Length, text.Length, -1);
    }

    private void EncodeRun(string text, bool atStart, bool withControls, List<int> ids, List<SpelledToken>? spelled)
    {
        text = WithoutHalves(text);
        for (var at = 0; at < text.Length;)
        {
            var (start, end, id) = _raw.IsEmpty ? (text.Length, text.Length, -1) : _raw.Find(text, at, withControls);
            if (start > at)
            {
                EncodeText(text[at..start], atStart && at == 0, withControls, ids, spelled);
            }

            AddToken(id, ids, spelled);
            at = end;
        }
    }

    /// <summary>Encodes text in which no token is looked for any more as it is written.</summary>
    private void EncodeText(string text, bool atStart, bool withControls, List<int> ids, List<SpelledToken>? spelled)
    {
        text = _normalizer.Apply(text);
        for (var at = 0; at < text.Length;)
        {
            var (start, end, id) = _normalized.IsEmpty ? (text.Length, text.Length, -1) : _normalized.Find(text, at, withControls);
            if (start > at)
            {
                EncodePieces(_steps.Cut(text[at..start], atStart && at == 0), ids, spelled);
            }

            AddToken(id, ids, spelled);
            at = end;
        }
    }

    private void AddToken(int id, List<int> ids, List<SpelledToken>? spelled)
    {
        if (id >= 0)
        {
            ids.Add(id);
            spelled?.Add(new SpelledToken(_added[id].Text));
        }
    }

    private void EncodePieces(CutText cut, List<int> ids, List<SpelledToken>? spelled)
    {
        foreach (var range in CollectionsMarshal.AsSpan(cut.Pieces))
        {
            var piece = cut.Text.AsSpan(range);
            while (!piece.IsEmpty)
            {
                var part = piece[.._model.FirstPart(piece)];
                piece = piece[part.Length..];
                if (spelled is not null)
                {
                    _model.Encode(part, ids, spelled);
                }
                else
                {
                    _cache.Encode(part, ids, _encodePiece);
                }
            }
        }
    }

    /// <summary>A text without half characters, as it is in UTF-8.</summary>
    private static string WithoutHalves(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The bound by which prompts are paid for.</summary>
    private int CountMostTokensPerByte(IReadOnlyList<AddedToken> added)
    {
        var most = (long)(_model.SpellsBytes ? _normalizer.MostTokensPerByte : _normalizer.MostCharactersPerByte)
            * _steps.MostTokensPerByte;

        // What is put before the text behind a token is paid for by the token's own bytes, if it has more than it takes tokens.
        var shortest = added.Where(token => !token.IsControl).Select(token => Encoding.UTF8.GetByteCount(token.Text))
            .DefaultIfEmpty(int.MaxValue).Min();
        most += shortest <= MostExtraTokens ? MostExtraTokens : 0;
        return most <= MostGrowth && MostExtraTokens <= MostGrowth ? (int)most
            : throw new FormatException($"The tokenizer makes more than {MostGrowth} tokens of one byte, which is not supported.");
    }
}
