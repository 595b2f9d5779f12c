using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Models;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tokenizers;

public sealed class SentencePieceTokenizerTests
{
    /// <summary>The definition: of all neighbours that are a piece together, those with the highest score are merged, the leftmost
    /// first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Encode_merges_by_scores(bool addSpace)
    {
        var vocabulary = Vocabulary(addSpace);
        var tokenizer = SentencePieceTokenizer.Create(vocabulary);

        foreach (var text in TextFuzz.Texts(1000).Append("  two  blanks ").Append(new string('a', 400)).Append("x\uD800y"))
        {
            var ids = new List<int>();
            tokenizer.Encode(text, allowSpecial: false, ids);
            var wanted = Merge(vocabulary, text);
            Assert.True(
                wanted.SequenceEqual(ids),
                $"{JsonValue.Create(text).ToJsonString()}: {string.Join(' ', wanted)} expected, {string.Join(' ', ids)} found");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_encoded_is_written_again_byte_for_byte(bool addSpace)
    {
        var tokenizer = SentencePieceTokenizer.Create(Vocabulary(addSpace));

        Assert.All(TextFuzz.Texts(1000).Concat([" a", "  a", " ", "\n a", "Ⅻ", "a\u0000b"]), text =>
        {
            var ids = new List<int>();
            tokenizer.Encode(text, allowSpecial: false, ids);

            Assert.Equal(text, Write(tokenizer, ids));
            Assert.InRange(ids.Count, 0, Encoding.UTF8.GetByteCount(text) + tokenizer.MostExtraTokens);
        });
        Assert.Equal(1, tokenizer.MostTokensPerByte);
    }

    /// <summary>The blank before a text is no part of it: at its start, and behind each control token.</summary>
    [Fact]
    public void Text_behind_a_control_token_begins_without_the_blank_that_encoding_put_there()
    {
        var vocabulary = Vocabulary(addSpace: true);
        var tokenizer = SentencePieceTokenizer.Create(vocabulary);
        var ids = new List<int>();

        tokenizer.Encode([new TextSegment("<s>Hello", true), new TextSegment("</s> world", false), new TextSegment("</s>the", true)], ids);

        Assert.Equal(2, ids.Count(tokenizer.IsSpecial)); // The template's own two.
        Assert.Equal((1, 2), (ids[0], ids[ids.FindLastIndex(tokenizer.IsSpecial)]));
        Assert.Equal("Hello</s> worldthe", Write(tokenizer, ids));
        Assert.Equal((byte)' ', tokenizer.TokenBytes(ids[1])[0]); // Inside a text the token has its blank.
    }

    [Fact]
    public void Grammars_see_blanks_and_single_bytes()
    {
        var vocabulary = Vocabulary(addSpace: true);
        var tokens = TokenVocabulary.Of(SentencePieceTokenizer.Create(vocabulary), [2], new Dictionary<int, byte[]>());

        Assert.Equal([(byte)'\n'], tokens.BytesOf(IndexOf(vocabulary, "<0x0A>")).ToArray());
        Assert.Equal([0xF0], tokens.BytesOf(IndexOf(vocabulary, "<0xF0>")).ToArray());
        Assert.Equal([(byte)' '], tokens.BytesOf(IndexOf(vocabulary, "▁")).ToArray());
        Assert.True(tokens.BytesOf(1).IsEmpty); // <s>
    }

    [Fact]
    public void A_token_that_users_define_is_found_before_merging()
    {
        var vocabulary = Vocabulary(addSpace: true);
        var defined = vocabulary with
        {
            Tokens = [.. vocabulary.Tokens, "Hel", "\n\n"],
            Scores = [.. vocabulary.Scores, 0, 0],
            UserDefined = [vocabulary.Tokens.Count, vocabulary.Tokens.Count + 1],
        };
        var tokenizer = SentencePieceTokenizer.Create(defined);
        var ids = new List<int>();

        tokenizer.Encode("Hello\n\n\n\nHello", allowSpecial: false, ids);

        Assert.Equal(2, ids.Count(id => id == vocabulary.Tokens.Count));
        Assert.Equal(2, ids.Count(id => id == vocabulary.Tokens.Count + 1));
    }

    /// <summary>A character whose bytes have no tokens is unknown, and no vocabulary makes a merge of unknown ones.</summary>
    [Fact]
    public void A_vocabulary_without_bytes_has_one_token_for_unknown_characters_side_by_side()
    {
        var tokenizer = SentencePieceTokenizer.Create(new SentencePieceVocabulary
        {
            Tokens = ["<unk>", "▁", "a", "ab"], Scores = [0, -1, -2, -3], Control = [0], UserDefined = [], Bytes = [], Unknown = 0,
            AddSpacePrefix = true,
        });
        var ids = new List<int>();

        tokenizer.Encode("a你好ab b", allowSpecial: false, ids);

        Assert.Equal([1, 2, 0, 3, 1, 0], ids); // b is a part of ab, and has no token of its own.
    }

    [Theory]
    [InlineData("""{"scores":[0]}""")]
    [InlineData("""{"control":[9]}""")]
    [InlineData("""{"bytes":[-1]}""")]
    [InlineData("""{"unknown":4}""")]
    public void Create_refuses_a_vocabulary_that_contradicts_itself(string change)
    {
        var json = JsonNode.Parse(
            """{"tokens":["<unk>","a"],"scores":[0,1],"control":[0],"user_defined":[],"bytes":[],"add_space_prefix":true}""")!;
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            json[name] = value!.DeepClone();
        }

        Assert.Throws<FormatException>(() => SentencePieceTokenizer.Create(
            json.Deserialize(TokenizerJson.Default.SentencePieceVocabulary)!));
    }

    [SharedFact("models/stories260k")]
    public void A_GGUF_file_gives_the_ids_and_the_text_of_the_reference()
    {
        using var file = GgufFile.Open(Stories);
        var read = GgufVocabulary.ReadTokenizer(file.Metadata, 512);
        var reference = JsonNode.Parse(File.ReadAllText(ModelFiles.SharedModel("reference", "stories260k.json")))!;
        int[] prompt = [.. reference["prompt_ids"]!.AsArray().Select(id => (int)id!)];
        int[] output = [.. reference["output_ids"]!.AsArray().Select(id => (int)id!)];
        List<int> ids = [1];

        read.Tokenizer.Encode((string)reference["prompt"]!, allowSpecial: false, ids);

        Assert.True(read.AddsStart);
        Assert.Equal(prompt, ids);
        Assert.Equal((string)reference["prompt"]! + (string)reference["text"]!, Write(read.Tokenizer, [.. prompt, .. output]));
    }

    [SharedTheory("models/stories260k")]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_prompt_begins_with_the_start_token_as_the_file_says(bool? asked, bool begins)
    {
        using var folder = new TemporaryFolder();
        ChangedGguf.Write(
            Stories, folder.File("changed.gguf"), asked is { } flag ? [("tokenizer.ggml.add_bos_token", flag)] : []);
        using var file = GgufFile.Open(folder.File("changed.gguf"));

        Assert.Equal(begins, GgufVocabulary.ReadTokenizer(file.Metadata, 512).AddsStart);
    }

    [SharedTheory("models/stories260k")]
    [InlineData("add_space_prefix", false, null)]
    [InlineData("remove_extra_whitespaces", false, null)]
    [InlineData("remove_extra_whitespaces", true, "remove_extra_whitespaces")]
    [InlineData("precompiled_charsmap", "x", "precompiled_charsmap")]
    [InlineData("pre", "tekken", "'tekken'")]
    [InlineData("add_eos_token", true, "add_eos_token")]
    public void Keys_that_nothing_applies_are_refused_by_name(string key, object value, string? why)
    {
        using var folder = new TemporaryFolder();
        ChangedGguf.Write(Stories, folder.File("changed.gguf"), ($"tokenizer.ggml.{key}", value));
        using var file = GgufFile.Open(folder.File("changed.gguf"));
        var ids = new List<int>();

        if (why is not null)
        {
            var refusal = Assert.Throws<ModelImportException>(() => GgufVocabulary.ReadTokenizer(file.Metadata, 512));
            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
            return;
        }

        GgufVocabulary.ReadTokenizer(file.Metadata, 512).Tokenizer.Encode(" Once", allowSpecial: false, ids);
        Assert.Equal(key == "add_space_prefix", ids[0] == 403); // "▁Once" as it is, or behind a further blank.
    }

    private static string Stories => ModelFiles.SharedModel("stories260k", "stories260K.gguf");

    private static SentencePieceVocabulary Vocabulary(bool addSpace)
    {
        var pieces = TokenizerForms.Pieces();
        int[] ids = [.. Enumerable.Range(0, pieces.Count)];
        return new SentencePieceVocabulary
        {
            Tokens = [.. pieces.Select(piece => piece.Text)],
            Scores = [.. pieces.Select(piece => piece.Score)],
            Control = [0, 1, 2],
            UserDefined = [],
            Bytes = [.. ids.Where(id => pieces[id].Text.StartsWith("<0x", StringComparison.Ordinal))],
            Unknown = 0,
            AddSpacePrefix = addSpace,
        };
    }

    private static int IndexOf(SentencePieceVocabulary vocabulary, string text) => vocabulary.Tokens.ToList().IndexOf(text);

    private static List<int> Merge(SentencePieceVocabulary vocabulary, string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        var hidden = vocabulary.Control.Concat(vocabulary.Bytes).ToHashSet();
        var ids = vocabulary.Tokens.Select((token, id) => (token, id)).Where(token => !hidden.Contains(token.id))
            .ToDictionary(token => token.token, token => token.id, StringComparer.Ordinal);
        var marked = (vocabulary.AddSpacePrefix ? "▁" : "") + text.Replace(' ', '▁');
        var parts = marked.EnumerateRunes().Select(rune => rune.ToString()).ToList();
        while (true)
        {
            var (best, at) = (float.NegativeInfinity, -1);
            for (var i = 0; i + 1 < parts.Count; i++)
            {
                if (ids.TryGetValue(parts[i] + parts[i + 1], out var id) && vocabulary.Scores[id] > best)
                {
                    (best, at) = (vocabulary.Scores[id], i);
                }
            }

            if (at < 0)
            {
                return [.. parts.SelectMany(part => ids.TryGetValue(part, out var id) ? [id]
                    : Encoding.UTF8.GetBytes(part).Select(value => IndexOf(vocabulary, $"<0x{value:X2}>")))];
            }

            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }
    }

    private static string Write(ITokenizer tokenizer, IEnumerable<int> ids)
    {
        var (bytes, writer) = (new List<byte>(), new TokenWriter(tokenizer));
        foreach (var id in ids)
        {
            bytes.AddRange(writer.Write(id));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
