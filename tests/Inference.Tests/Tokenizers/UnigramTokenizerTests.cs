using System.Text;
using System.Text.Json.Nodes;
using Tokenizers.DotNet;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tokenizers;

/// <summary>Unigram tokenizers against Hugging Face's own library, on files that the tests write.</summary>
public sealed class UnigramTokenizerTests
{
    public static TheoryData<string> Forms => new(UnigramFile.Forms);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Encode_gives_what_the_reference_gives_for_strange_texts(string form)
    {
        using var folder = new TemporaryFolder();
        var json = UnigramFile.Make(form).ToJsonString();
        File.WriteAllText(folder.File("tokenizer.json"), json);
        using var reference = new Tokenizer(folder.File("tokenizer.json"));
        var tokenizer = Read(json);
        string[] texts =
        [
            .. TextFuzz.Texts(1500).Where(text => text.Length > 0), "   ", " a", "a ", "\n", "e\u0301e\u0301\u0301 ﬁ\u0301 \u0301", "①㍿ﷺ𝒳",
            "\u0001\u001F\u007F", "a\r\n\r\nb", "``quoted''", "▁marked▁▁text", "Ⱥ K İ", "\uFFFD", "\U0010FFFF", "한글 한", "🇨🇳🇨🇳👩‍👩‍👧",
            "देवनागरी क्षत्रिय", "ภาษาไทย", "نص عربي", "x\u0000y", string.Concat(Enumerable.Repeat("Hello world, don't! 你好 ", 400)),
        ];

        foreach (var text in texts)
        {
            int[] wanted = [.. reference.Encode(text).Select(id => (int)id)];
            int[] framed = [.. tokenizer.Frame.Prefix, .. tokenizer.Cut(text), .. tokenizer.Frame.Suffix];
            var found = wanted.AsSpan().StartsWith(tokenizer.Frame.Prefix.ToArray()) && wanted[^1] == 2 ? framed : tokenizer.Cut(text);
            Assert.True(
                wanted.AsSpan().SequenceEqual(found),
                $"{form}, {JsonValue.Create(text).ToJsonString()}: {string.Join(' ', wanted)} expected, {string.Join(' ', found)} found");
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void No_text_has_more_tokens_than_the_tokenizer_says(string form)
    {
        var tokenizer = Read(UnigramFile.Make(form).ToJsonString());

        Assert.All(
            TextFuzz.Texts(600).Concat(["ﷺ", "ﷺﷺﷺ a", " ", "a b c d", "㍿", "\u0344"]),
            text => Assert.True(
                tokenizer.Cut(text).Length
                    <= (((ITokenizer)tokenizer).MostTokensPerByte * Encoding.UTF8.GetByteCount(text)) + tokenizer.MostExtraTokens,
                text));
    }

    [Fact]
    public void A_control_token_in_a_users_text_is_text()
    {
        var tokenizer = Read(UnigramFile.Make("recent").ToJsonString());

        Assert.All(new[] { "<s>", "</s>", "a</s>b", "<pad>", "<unk>" }, text => Assert.DoesNotContain(
            tokenizer.Cut(text), id => id is 0 or 1 or 2));
        Assert.True(tokenizer.IsSpecial(2));
        Assert.True(tokenizer.TokenBytes(2).IsEmpty);
    }

    [Fact]
    public void Half_a_surrogate_pair_reads_like_the_character_that_replaces_it()
    {
        var tokenizer = Read(UnigramFile.Make("bytes").ToJsonString());

        Assert.Equal(tokenizer.Cut("a\uFFFDb"), tokenizer.Cut("a\uD83Db"));
        Assert.Empty(tokenizer.Cut(""));
    }

    /// <summary>It does not end in quadratic time.</summary>
    [Theory]
    [InlineData("recent", "e\u0301")]
    [InlineData("recent", " ")]
    [InlineData("recent", "Hello world ")]
    [InlineData("bytes", "a")]
    [InlineData("bytes", "😀")]
    [InlineData("bytes", " ")]
    public void A_long_text_takes_time_by_its_length(string form, string part)
    {
        var tokenizer = Read(UnigramFile.Make(form).ToJsonString());

        var ids = tokenizer.Cut(string.Concat(Enumerable.Repeat(part, 600_000 / part.Length)));

        Assert.InRange(ids.Length, form == "recent" && part == " " ? 0 : 10_000, 2_400_000);
    }

    [Fact]
    public void Two_texts_are_framed_as_the_files_form_says()
    {
        var pair = Read(UnigramFile.Make("xlm-roberta").ToJsonString()).Frame.Pair!;

        var (ids, types) = pair.Join([7, 8], [9]);

        Assert.Equal([0, 7, 8, 2, 2, 9, 2], ids); // Two end marks, and no second start.
        Assert.All(types, type => Assert.Equal(0, type));
    }

    /// <summary>Each asks for something that would be left undone, or contradicts itself.</summary>
    [Theory]
    [InlineData("normalizer", """{"type":"Unidecode"}""", "normalizer 'Unidecode'")]
    [InlineData("normalizer", """{"type":"NFKC","form":1}""", "member 'form'")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"AAA="}""", "cut short")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"no base64"}""", "cannot be used")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"Regex":"(?>a+)"},"content":"b"}""", "'(?>'")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"Regex":"a*"},"content":"b"}""", "matches the empty text")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"Glob":"a*"},"content":"b"}""", "member 'Glob'")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"String":""},"content":"b"}""", "replaces")]
    [InlineData("normalizer", """{"type":"Strip","strip_left":true,"strip_right":true,"how":1}""", "member 'how'")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel"}""", "reads bytes")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"ab"}""", "not one character")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}""", "prepend_scheme 'last'")]
    [InlineData("pre_tokenizer", """{"type":"UnicodeScripts"}""", "pre-tokenizer 'UnicodeScripts'")]
    [InlineData("model", """{"type":"Unigram","vocab":[]}""", "0 pieces")]
    [InlineData("model", """{"type":"Unigram","unk_id":9,"vocab":[["a",-1]]}""", "unk_id")]
    [InlineData("model", """{"type":"Unigram","unk_id":0,"vocab":[["a"]]}""", "cannot be used")]
    [InlineData("model", """{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}""", "no number")]
    [InlineData("model", """{"type":"Unigram","unk_id":0,"vocab":{"a":1}}""", "cannot be used")]
    [InlineData("model", """{"type":"Unigram","unk_id":0,"vocab":[["a",-1]],"dropout":0.1}""", "member 'dropout'")]
    [InlineData("added_tokens", """[{"id":0,"content":"</s>","special":true}]""", "another id")]
    [InlineData("added_tokens", """[{"id":-1,"content":"a","special":false}]""", "outside its vocabulary")]
    [InlineData("decoder", """{"type":"CTC"}""", "decoder 'CTC'")]
    public void ReadFramed_refuses_what_it_would_leave_undone(string member, string value, string why)
    {
        var json = UnigramFile.Make("recent");
        json[member] = JsonNode.Parse(value);

        var refusal = Assert.Throws<ModelImportException>(() => Read(json.ToJsonString()));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Every byte of the map changed at random: refused, or used without a fault.</summary>
    [Fact]
    public void A_damaged_map_of_characters_harms_nothing()
    {
        var sound = CharacterMapData.Compile(CharacterMapData.Example());
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var changed = sound.ToArray();
            for (var count = 0; count < 40; count++)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            var failure = Record.Exception(() => new CharacterMap(changed).Apply("e\u0301 ﬁ ①㍿ﷺ𝒳 abc"));

            Assert.True(failure is null or FormatException, $"{failure}");
        }
    }

    private static IFramedTokenizer Read(string json) => TokenizerFile.ReadFramed(Encoding.UTF8.GetBytes(json));
}
