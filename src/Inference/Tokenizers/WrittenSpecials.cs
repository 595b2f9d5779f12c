using System.Text;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>A tokenizer that gives special tokens the text with which templates write them.</summary>
internal sealed class WrittenSpecials(ITokenizer inner) : ITokenizer
{
    public int VocabularySize => inner.VocabularySize;

    public int MostTokensPerByte => inner.MostTokensPerByte;

    public int MostExtraTokens => inner.MostExtraTokens;

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids) => inner.Encode(text, allowSpecial, ids);

    public void Encode(IReadOnlyList<TextSegment> segments, List<int> ids) => inner.Encode(segments, ids);

    public ReadOnlySpan<byte> TokenBytes(int id) =>
        inner.IsSpecial(id) ? Encoding.UTF8.GetBytes(inner.SpecialText(id)) : inner.TokenBytes(id);

    public ReadOnlySpan<byte> TokenBytes(int id, TokenPlace place) => inner.IsSpecial(id) ? TokenBytes(id) : inner.TokenBytes(id, place);

    public bool IsSpecial(int id) => inner.IsSpecial(id);

    public string SpecialText(int id) => inner.SpecialText(id);
}
