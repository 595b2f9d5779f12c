using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Turns text into token ids and back. Implementations are thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Ids run from 0 to this, exclusive.</summary>
    int VocabularySize { get; }

    /// <summary>Most tokens that one byte of UTF-8 becomes: 1, or more where a normaliser lengthens a text.</summary>
    int MostTokensPerByte => 1;

    /// <summary>Tokens that a text can have beyond <see cref="MostTokensPerByte"/> for each of its bytes.</summary>
    int MostExtraTokens => 0;

    /// <summary>Appends the ids of a text.</summary>
    /// <param name="allowSpecial">
    /// Whether the text of a control token (<c>&lt;|im_end|&gt;</c>) becomes that token.
    /// True for text of a template, false for text of a user.
    /// </param>
    void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids);

    /// <summary>
    /// Appends the ids of a rendered template: as one text, but control tokens are recognised only within what the template's author
    /// wrote.
    /// </summary>
    void Encode(IReadOnlyList<TextSegment> segments, List<int> ids);

    /// <summary>The bytes a token stands for; they may be a part of a UTF-8 character. Empty for special tokens.</summary>
    ReadOnlySpan<byte> TokenBytes(int id);

    /// <summary>The bytes a token adds to a text, as <see cref="TokenBytes(int)"/> without the blank that encoding puts before a
    /// text.</summary>
    /// <param name="place">What stands before the token.</param>
    ReadOnlySpan<byte> TokenBytes(int id, TokenPlace place) => TokenBytes(id);

    /// <summary>Whether the token controls the model and never shows in text.</summary>
    bool IsSpecial(int id);

    /// <summary>How templates write a special token; empty for other tokens, and where it is not known.</summary>
    string SpecialText(int id) => "";
}
