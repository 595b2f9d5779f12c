using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>The words of a normalised text as BERT cuts it: at white space, which is dropped, and around each character of punctuation,
/// which is a word.</summary>
internal ref struct BertWords(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> _rest = text;

    public ReadOnlySpan<char> Current { get; private set; }

    public bool MoveNext()
    {
        for (var at = 0; at < _rest.Length;)
        {
            Rune.DecodeFromUtf16(_rest[at..], out var rune, out var length);
            var isSpace = Rune.IsWhiteSpace(rune);
            if (!isSpace && !IsPunctuation(rune))
            {
                at += length;
            }
            else if (at > 0)
            {
                return Take(at);
            }
            else if (!isSpace)
            {
                return Take(length);
            }
            else
            {
                _rest = _rest[length..];
            }
        }

        return !_rest.IsEmpty && Take(_rest.Length);
    }

    private bool Take(int length)
    {
        Current = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    private static bool IsPunctuation(Rune rune) => rune.Value < 128
        ? rune.Value is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~')
        : Rune.IsPunctuation(rune);
}
