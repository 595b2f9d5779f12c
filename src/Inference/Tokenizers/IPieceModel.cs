namespace Tollgate.Inference.Tokenizers;

/// <summary>Turns one piece of a text into tokens. Implementations are thread-safe.</summary>
internal interface IPieceModel
{
    /// <summary>Whether a character that the vocabulary lacks becomes a token for each of its bytes, not one token.</summary>
    bool SpellsBytes { get; }

    /// <summary>The token for characters that have no other; null where there is none.</summary>
    int? Unknown { get; }

    /// <summary>Entries by id; null where an id has none.</summary>
    IReadOnlyList<string?> Entries { get; }

    /// <summary>Whether an entry stands for a single byte, as <c>&lt;0x0A&gt;</c> does.</summary>
    bool IsByte(int id) => false;

    /// <summary>The id of an entry; null where there is none.</summary>
    int? Find(string entry);

    /// <summary>Whether a text of its own becomes the token of an entry.</summary>
    bool Has(string entry) => Find(entry) is not null;

    /// <summary>Length of the first part of a piece that can be encoded without what follows it.</summary>
    int FirstPart(ReadOnlySpan<char> piece) => piece.Length;

    /// <summary>Appends the tokens of a piece that is not empty.</summary>
    /// <param name="spelled">Receives what each token stands for; null where nobody asks.</param>
    void Encode(ReadOnlySpan<char> piece, List<int> ids, List<SpelledToken>? spelled);

    /// <summary>Most tokens that a text becomes which stands among others.</summary>
    int Weigh(string text)
    {
        var weight = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            weight += SpellsBytes && !Has(rune.ToString()) ? rune.Utf8SequenceLength : 1;
        }

        return Math.Max(weight, 1);
    }
}
