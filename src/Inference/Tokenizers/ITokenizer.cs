using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Turns text into token ids and back. Implementations are thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Ids run from 0 to this, exclusive.</summary>
    int VocabularySize { get; }

    /// <summary>Most tokens that one byte of UTF-8 becomes: 1, or more where a normaliser lengthens a text.</summary>
    int MostTokensPerByte => 1;

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

    /// <summary>Whether the token controls the model and never shows in text.</summary>
    bool IsSpecial(int id);
}
