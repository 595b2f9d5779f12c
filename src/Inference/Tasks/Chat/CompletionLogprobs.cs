using System.Text;
using System.Text.Json;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// The <c>logprobs</c> member of legacy completions. An offset counts characters (code points) of prompt and text, whether the prompt is
/// echoed or not. A character whose bytes are split over tokens counts once: each of its tokens has its offset. A token that is no whole
/// text is written by its bytes, as OpenAI did: <c>bytes:\xe2\x80</c>. The first token of a prompt has no log-probability.
/// </summary>
/// <param name="prompts">Text before the first token that is written of each choice.</param>
/// <param name="wanted">How many likeliest tokens are shown; with 0 <c>top_logprobs</c> is null.</param>
internal sealed class CompletionLogprobs(ITokenizer tokenizer, IReadOnlyList<string> prompts, int wanted)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Dictionary<int, Position> _positions = [];

    /// <summary>Writes the member for the next tokens of a choice.</summary>
    public void Write(Utf8JsonWriter json, int choice, IReadOnlyList<TokenChoice> tokens)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("tokens");
        foreach (var token in tokens)
        {
            json.WriteStringValue(TextOf(token.Token));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var token in tokens)
        {
            if (float.IsNaN(token.Logprob))
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteNumberValue(AnswerFormat.Bounded(token.Logprob));
            }
        }

        json.WriteEndArray();
        WriteLikeliest(json, tokens);
        WriteOffsets(json, choice, tokens);
        json.WriteEndObject();
    }

    /// <summary>The likeliest, and the chosen one where it is not among them.</summary>
    private void WriteLikeliest(Utf8JsonWriter json, IReadOnlyList<TokenChoice> tokens)
    {
        if (wanted == 0)
        {
            json.WriteNull("top_logprobs");
            return;
        }

        json.WriteStartArray("top_logprobs");
        foreach (var token in tokens)
        {
            if (float.IsNaN(token.Logprob))
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            foreach (var shown in token.Best.Append(new TokenLogprob(token.Token, token.Logprob)).DistinctBy(one => TextOf(one.Token)))
            {
                json.WriteNumber(TextOf(shown.Token), AnswerFormat.Bounded(shown.Logprob));
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteOffsets(Utf8JsonWriter json, int choice, IReadOnlyList<TokenChoice> tokens)
    {
        if (!_positions.TryGetValue(choice, out var position))
        {
            position = _positions[choice] = new Position(tokenizer, prompts[choice]);
        }

        json.WriteStartArray("text_offset");
        foreach (var token in tokens)
        {
            json.WriteNumberValue(position.Pass(token.Token));
        }

        json.WriteEndArray();
    }

    private string TextOf(int token)
    {
        var bytes = tokenizer.TokenBytes(token);
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            var text = new StringBuilder("bytes:");
            foreach (var value in bytes)
            {
                text.Append("\\x").Append(Convert.ToHexStringLower([value]));
            }

            return text.ToString();
        }
    }

    /// <summary>Characters of a choice so far, whole ones only.</summary>
    private sealed class Position(ITokenizer tokenizer, string before)
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private TokenWriter _writer = new(tokenizer);
        private int _characters = before.EnumerateRunes().Count();

        /// <summary>The offset of a token; the next one comes after it.</summary>
        public int Pass(int token)
        {
            // Of a text before the token only that it is one counts.
            var bytes = _characters == 0 ? _writer.Write(token) : tokenizer.TokenBytes(token);
            var offset = _characters;
            Span<char> text = new char[bytes.Length + 4];
            foreach (var unit in text[.._decoder.GetChars(bytes, text, flush: false)])
            {
                _characters += char.IsLowSurrogate(unit) ? 0 : 1;
            }

            return offset;
        }
    }
}
