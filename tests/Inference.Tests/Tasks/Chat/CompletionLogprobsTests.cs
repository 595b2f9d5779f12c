using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tasks.Chat;

public sealed class CompletionLogprobsTests
{
    private static readonly BpeTokenizer Tokenizer = ReadTokenizer();

    [Fact]
    public void Offsets_count_characters_of_prompt_and_text_and_a_split_character_once()
    {
        const string Prompt = "👋 é"; // Three characters, four UTF-16 units, seven bytes.
        const string Text = "a😀 né€b";
        var tokens = Encode(Text);

        var written = Write(new CompletionLogprobs(Tokenizer, [Prompt], 0), tokens);

        Assert.Contains(tokens, token => !IsText(token)); // The vocabulary splits some of these characters.
        var offsets = written["text_offset"]!.AsArray().Select(offset => (int)offset!).ToArray();
        Assert.Equal(3, offsets[0]);
        Assert.Equal(ExpectedOffsets(Prompt, tokens), offsets);
        Assert.True(offsets[^1] <= 3 + Text.EnumerateRunes().Count() - 1);
        Assert.Equal(
            [.. tokens.Select(token => IsText(token)
                ? Encoding.UTF8.GetString(Tokenizer.TokenBytes(token))
                : "bytes:" + string.Concat(Tokenizer.TokenBytes(token).ToArray().Select(value => $"\\x{value:x2}")))],
            written["tokens"]!.AsArray().Select(token => (string)token!));
        Assert.Null(written["top_logprobs"]);
    }

    [Fact]
    public void Offsets_of_a_stream_go_on_where_the_last_chunk_ended_in_the_middle_of_a_character_too()
    {
        var tokens = Encode("x😀y").ToList();
        var whole = Write(new CompletionLogprobs(Tokenizer, ["ab"], 0), [.. tokens]);
        var chunked = new CompletionLogprobs(Tokenizer, ["ab", "abc"], 0);

        var offsets = tokens
            .SelectMany(token => Write(chunked, [token])["text_offset"]!.AsArray().Select(offset => (int)offset!)).ToArray();

        Assert.Equal(whole["text_offset"]!.AsArray().Select(offset => (int)offset!), offsets);
        Assert.Equal(3, (int)Write(chunked, [tokens[0]], choice: 1)["text_offset"]![0]!);
    }

    [Fact]
    public void The_likeliest_are_shown_and_the_chosen_one_with_them()
    {
        var chosen = Assert.Single(Encode("a"));
        var (first, second) = (Assert.Single(Encode("b")), Assert.Single(Encode("c")));
        TokenChoice[] tokens =
        [
            new(chosen, -3, [new TokenLogprob(first, -0.5f), new TokenLogprob(second, -1)]),
            new(first, -0.5f, [new TokenLogprob(first, -0.5f), new TokenLogprob(second, -1)]),
        ];

        var best = Write(new CompletionLogprobs(Tokenizer, [""], 2), tokens)["top_logprobs"]!.AsArray();

        Assert.Equal("""{"b":-0.5,"c":-1,"a":-3}""", best[0]!.ToJsonString());
        Assert.Equal("""{"b":-0.5,"c":-1}""", best[1]!.ToJsonString());
    }

    /// <summary>Complete characters among the bytes before each token, counted from the start each time.</summary>
    private static int[] ExpectedOffsets(string prompt, int[] tokens)
    {
        var bytes = new List<byte>();
        var offsets = new List<int>();
        foreach (var token in tokens)
        {
            var length = bytes.Count;
            while (!IsWhole([.. bytes.Take(length)]))
            {
                length--;
            }

            offsets.Add(prompt.EnumerateRunes().Count() + Encoding.UTF8.GetString([.. bytes.Take(length)]).EnumerateRunes().Count());
            bytes.AddRange(Tokenizer.TokenBytes(token));
        }

        return [.. offsets];
    }

    private static bool IsText(int token) => IsWhole(Tokenizer.TokenBytes(token));

    private static bool IsWhole(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    private static int[] Encode(string text)
    {
        var ids = new List<int>();
        Tokenizer.Encode(text, allowSpecial: false, ids);
        return [.. ids];
    }

    private static JsonNode Write(CompletionLogprobs logprobs, int[] tokens, int choice = 0) =>
        Write(logprobs, [.. tokens.Select(token => new TokenChoice(token, -1, []))], choice);

    private static JsonNode Write(CompletionLogprobs logprobs, TokenChoice[] tokens, int choice = 0)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            logprobs.Write(json, choice, tokens);
            json.WriteEndObject();
        }

        return JsonNode.Parse(stream.ToArray())!["logprobs"]!;
    }

    private static BpeTokenizer ReadTokenizer()
    {
        using var file = GgufFile.Open(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        return new BpeTokenizer(GgufVocabulary.Read(file.Metadata, 4096));
    }
}
