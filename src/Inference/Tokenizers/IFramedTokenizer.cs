using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>A tokenizer of an encoder, which reads a text between ids that frame it. Implementations are thread-safe.</summary>
internal interface IFramedTokenizer : ITokenizer
{
    TextFrame Frame { get; }

    /// <summary>Tokens that a text can have beyond <see cref="ITokenizer.MostTokensPerByte"/> for each of its bytes, without its
    /// frame.</summary>
    int MostExtraTokens => 0;

    /// <summary>Stands for white space before a word in what <see cref="Spell"/> gives; null where nothing does.</summary>
    char? WordMark => null;

    /// <summary>What the tokenizer makes of a text before it cuts it into words.</summary>
    string Normalize(ReadOnlySpan<char> text);

    /// <summary>The tokens of a text alone, as many as <see cref="Cut"/> gives, with what each stands for.</summary>
    IReadOnlyList<SpelledToken> Spell(string text);

    void ITokenizer.Encode(IReadOnlyList<TextSegment> segments, List<int> ids)
    {
        foreach (var segment in segments)
        {
            Encode(segment.Text, segment.FromTemplate, ids);
        }
    }

    /// <summary>The ids of a text alone, without a frame.</summary>
    int[] Cut(string text)
    {
        var ids = new List<int>();
        Encode(text, allowSpecial: false, ids);
        return [.. ids];
    }
}
