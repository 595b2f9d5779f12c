using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>A token that texts are searched for before they are cut.</summary>
/// <param name="IsControl">Whether it controls the model: in a user's text it is text.</param>
internal sealed record AddedToken(string Text, int Id, bool IsControl)
{
    /// <summary>Whether it counts only where no letter of a word stands beside it.</summary>
    public bool IsWord { get; init; }

    /// <summary>Whether it takes the white space before it.</summary>
    public bool TrimsLeft { get; init; }

    /// <summary>Whether it takes the white space behind it.</summary>
    public bool TrimsRight { get; init; }

    /// <summary>Whether it is looked for in the normalised text.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Reads <c>added_tokens</c>.</summary>
    /// <exception cref="FormatException">One has an id out of range, or a member that is not supported.</exception>
    public static IReadOnlyList<AddedToken> Read(JsonElement root, int most)
    {
        var tokens = new List<AddedToken>();
        foreach (var token in TokenizerMembers.Find(root, "added_tokens")?.EnumerateArray().ToArray() ?? [])
        {
            TokenizerMembers.RequireOnly(
                token, "added_tokens", "id", "content", "special", "single_word", "lstrip", "rstrip", "normalized");
            var (id, text) = (token.GetProperty("id").GetInt32(), token.GetProperty("content").GetString()!);
            if (id < 0 || id >= most)
            {
                throw new FormatException($"The tokenizer's added token {id} is outside its vocabulary.");
            }

            var isControl = Flag("special");
            tokens.Add(new AddedToken(text, id, isControl)
            {
                IsWord = Flag("single_word"),
                TrimsLeft = Flag("lstrip"),
                TrimsRight = Flag("rstrip"),
                IsNormalized = TokenizerMembers.Find(token, "normalized")?.GetBoolean() ?? !isControl,
            });

            bool Flag(string name) => TokenizerMembers.Find(token, name)?.GetBoolean() ?? false;
        }

        return tokens;
    }
}

/// <summary>Finds added tokens in texts. Immutable, so thread-safe.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<int, AddedToken> _tokens;
    private readonly SpecialTokens _all;
    private readonly SpecialTokens _usual;

    /// <param name="tokens">Of equal texts the last counts.</param>
    /// <param name="write">How the text of a token is written in the texts that are searched.</param>
    /// <exception cref="FormatException">There are too many, or one is too long.</exception>
    public AddedTokens(IEnumerable<AddedToken> tokens, Func<string, string> write)
    {
        AddedToken[] known = [.. tokens.GroupBy(token => token.Text).Select(group => group.Last()).DistinctBy(token => token.Id)];
        _tokens = known.ToDictionary(token => token.Id);
        _all = new SpecialTokens(known.Select(token => (write(token.Text), token.Id)));
        _usual = new SpecialTokens(known.Where(token => !token.IsControl).Select(token => (write(token.Text), token.Id)));
        IsEmpty = known.Length == 0;
    }

    public bool IsEmpty { get; }

    /// <summary>Finds the first token.</summary>
    /// <param name="from">Where the search begins; what lies before it is looked at for words and white space.</param>
    /// <param name="withControls">Whether control tokens are looked for.</param>
    /// <returns>Where the text before the token ends, where that behind it begins, and its id; −1 without one.</returns>
    public (int Start, int End, int Id) Find(ReadOnlySpan<char> text, int from, bool withControls)
    {
        var finder = withControls ? _all : _usual;
        for (var at = from; at < text.Length;)
        {
            var (start, length, id) = finder.Find(text[at..]);
            if (length == 0)
            {
                break;
            }

            var (first, end, token) = (at + start, at + start + length, _tokens[id]);
            if (!token.IsWord || !(IsWordBefore(text, first) || CharacterSet.RustWord.IsAt(text, end, out _)))
            {
                first = token.TrimsLeft ? Math.Max(text[..first].TrimEnd().Length, from) : first;
                end = token.TrimsRight ? text.Length - text[end..].TrimStart().Length : end;
                return (first, end, id);
            }

            at = end;
        }

        return (text.Length, text.Length, -1);
    }

    private static bool IsWordBefore(ReadOnlySpan<char> text, int at) => at > 0 && CharacterSet.RustWord.IsAt(
        text, at > 1 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2]) ? at - 2 : at - 1, out _);
}
