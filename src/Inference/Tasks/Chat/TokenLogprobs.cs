using System.Text;
using System.Text.Json;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Writes the log-probabilities of an answer's tokens, as chats and responses have them.</summary>
internal static class TokenLogprobs
{
    /// <summary>Writes a member with an array that has an element for each token.</summary>
    /// <param name="member">The member's name.</param>
    public static void Write(Utf8JsonWriter json, string member, IReadOnlyList<TokenChoice> tokens, ITokenizer tokenizer)
    {
        json.WriteStartArray(member);
        foreach (var token in tokens)
        {
            json.WriteStartObject();
            WriteToken(json, new TokenLogprob(token.Token, token.Logprob), tokenizer);
            json.WriteStartArray("top_logprobs");
            foreach (var best in token.Best)
            {
                json.WriteStartObject();
                WriteToken(json, best, tokenizer);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteToken(Utf8JsonWriter json, TokenLogprob token, ITokenizer tokenizer)
    {
        var bytes = tokenizer.TokenBytes(token.Token);
        json.WriteString("token", Encoding.UTF8.GetString(bytes));
        json.WriteNumber("logprob", AnswerFormat.Bounded(token.Logprob));
        json.WriteStartArray("bytes");
        foreach (var value in bytes)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
