namespace Tollgate.Inference.Tokenizers;

/// <summary>Gives the bytes that tokens add to a text, one after the other. One thread at a time.</summary>
internal struct TokenWriter(ITokenizer tokenizer)
{
    private readonly ITokenizer _tokenizer = tokenizer;
    private TokenPlace _place = TokenPlace.Start;

    /// <summary>Passes over tokens that stand before those that are written.</summary>
    public void Skip(ReadOnlySpan<int> tokens)
    {
        var at = tokens.Length - 1;
        while (at >= 0 && _tokenizer.IsSpecial(tokens[at]))
        {
            at--;
        }

        if (tokens.Length > 0)
        {
            _place = at == tokens.Length - 1 ? TokenPlace.Inside : at >= 0 || _place != TokenPlace.Start ? TokenPlace.BehindControl
                : TokenPlace.Start;
        }
    }

    /// <summary>The bytes of the next token.</summary>
    public ReadOnlySpan<byte> Write(int token)
    {
        var bytes = _tokenizer.TokenBytes(token, _place);
        Skip([token]);
        return bytes;
    }
}
