using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What the decoder of a <c>tokenizer.json</c> makes of each token by itself. A decoder that needs several tokens at once is
/// refused, but for the blank at the start of a text.</summary>
internal sealed class TokenBytesReader
{
    private const int LongestContent = 64;

    private readonly List<Func<string, string>> _steps = [];
    private bool _readsAlphabet;
    private bool _fallsBack;
    private bool _fused;

    private TokenBytesReader()
    {
    }

    /// <summary>Blanks that a text loses at its start: of its first token all of them, for <see cref="int.MaxValue"/>.</summary>
    public int DroppedBlanks { get; private set; }

    /// <param name="decoder">Null where the file has none.</param>
    /// <param name="mark">Stands for a blank; without a decoder it is written as one.</param>
    /// <param name="continuing">Begins entries that continue a word, and is not written; empty where nothing does.</param>
    /// <exception cref="FormatException">It has a step of another kind.</exception>
    public static TokenBytesReader Read(JsonElement? decoder, char? mark, string continuing)
    {
        var reader = new TokenBytesReader();
        if (continuing.Length > 0)
        {
            reader._steps.Add(entry => entry.StartsWith(continuing, StringComparison.Ordinal) ? entry[continuing.Length..] : entry);
        }

        if (decoder is { } element)
        {
            reader.Add(element);
        }
        else if (mark is { } blank)
        {
            reader._steps.Add(entry => entry.Replace(blank, ' '));
            reader._fallsBack = true;
        }

        return reader;
    }

    /// <summary>The bytes of an entry.</summary>
    /// <param name="isByte">Whether it stands for a single byte.</param>
    public byte[] BytesOf(string entry, bool isByte)
    {
        var text = _steps.Aggregate(entry, (current, step) => step(current));
        return isByte && _fallsBack && ByteEntries.TryRead(text, out var value) ? [value]
            : _readsAlphabet && ByteAlphabet.TryDecode(text, out var bytes) ? bytes : Encoding.UTF8.GetBytes(text);
    }

    private void Add(JsonElement step)
    {
        var kind = step.GetProperty("type").GetString();
        if (_fused && kind is not ("Strip" or "Fuse"))
        {
            throw new FormatException($"The tokenizer's decoder has '{kind}' behind 'Fuse', which is not supported.");
        }

        switch (kind)
        {
            case "Sequence":
                TokenizerMembers.RequireOnly(step, "decoder", "type", "decoders");
                foreach (var one in step.GetProperty("decoders").EnumerateArray())
                {
                    Add(one);
                }

                break;
            case "ByteLevel":
                TokenizerMembers.RequireOnly(step, "decoder", "type", "add_prefix_space", "trim_offsets", "use_regex");
                _readsAlphabet = true;
                break;
            case "ByteFallback":
                TokenizerMembers.RequireOnly(step, "decoder", "type");
                _fallsBack = true;
                break;
            case "Fuse":
                TokenizerMembers.RequireOnly(step, "decoder", "type");
                _fused = true;
                break;
            case "Metaspace":
                AddMetaspace(step);
                break;
            case "Replace":
                AddReplace(step);
                break;
            case "Strip":
                AddStrip(step);
                break;
            case "WordPiece":
                // What it puts between words is for reading; encoders, which have it, write nothing.
                TokenizerMembers.RequireOnly(step, "decoder", "type", "prefix", "cleanup");
                break;
            default:
                throw new FormatException(
                    $"The tokenizer's decoder '{kind}' is not supported; these are: Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, "
                    + "Replace, Strip and WordPiece.");
        }
    }

    private void AddMetaspace(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "decoder", "type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split");
        var mark = step.GetProperty("replacement").GetString()!;
        var adds = TokenizerMembers.Find(step, "add_prefix_space")?.GetBoolean() ?? true;
        DroppedBlanks = (TokenizerMembers.Find(step, "prepend_scheme")?.GetString() ?? (adds ? "always" : "never")) == "never"
            ? 0 : int.MaxValue;
        _steps.Add(text => text.Replace(mark, " ", StringComparison.Ordinal));
    }

    private void AddReplace(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "decoder", "type", "pattern", "content");
        var (pattern, content) = (step.GetProperty("pattern"), step.GetProperty("content").GetString()!);
        if (!pattern.TryGetProperty("String", out var text) || text.GetString() is not { Length: > 0 } wanted
            || content.Length > LongestContent)
        {
            throw new FormatException(
                $"The tokenizer's decoder replaces {pattern}; a text is supported, by at most {LongestContent} characters.");
        }

        _steps.Add(entry => entry.Replace(wanted, content, StringComparison.Ordinal));
    }

    private void AddStrip(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "decoder", "type", "content", "start", "stop");
        var (content, start) = (step.GetProperty("content").GetString(), step.GetProperty("start").GetInt32());
        if (!_fused || content != " " || start < 0 || step.GetProperty("stop").GetInt32() != 0)
        {
            throw new FormatException("The tokenizer's decoder strips other things than blanks at the start of a whole text, which is "
                + "not supported.");
        }

        DroppedBlanks = start;
    }
}
