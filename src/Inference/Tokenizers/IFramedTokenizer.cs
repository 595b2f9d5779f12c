namespace Tollgate.Inference.Tokenizers;

/// <summary>A tokenizer whose texts stand between ids that frame them. Implementations are thread-safe.</summary>
internal interface IFramedTokenizer : ITokenizer
{
    TextFrame Frame { get; }

    /// <summary>Stands for white space before a word in what <see cref="Spell"/> gives; null where nothing does.</summary>
    char? WordMark => null;

    /// <summary>What the tokenizer makes of a text before it cuts it into words.</summary>
    string Normalize(ReadOnlySpan<char> text);

    /// <summary>The tokens of a text alone, as many as <see cref="Cut"/> gives, with what each stands for.</summary>
    IReadOnlyList<SpelledToken> Spell(string text);

    /// <summary>The ids of a text alone, without a frame.</summary>
    int[] Cut(string text)
    {
        var ids = new List<int>();
        Encode(text, allowSpecial: false, ids);
        return [.. ids];
    }
}
