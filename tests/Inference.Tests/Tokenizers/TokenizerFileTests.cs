using System.Text;
using System.Text.Json.Nodes;
using Tokenizers.DotNet;
using Tollgate.Inference.Models;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tokenizers;

/// <summary>Tokenizers of <c>tokenizer.json</c> files against Hugging Face's own library.</summary>
public sealed class TokenizerFileTests
{
    public static TheoryData<string> Forms => new(TokenizerForms.Names);

    public static TheoryData<string> Rules => new(TokenizerForms.Rules.Keys);

    /// <summary>What tokenizers disagree about, and a sentence in each of many languages and scripts.</summary>
    private static IEnumerable<string> Texts =>
    [
        .. TextFuzz.Texts(1000).Where(text => text.Length > 0), "Hello world! Café déjà vu — 123 😊", " 'tis the reranker's prompt", "   ",
        "a ", "\r\n\r\n \t\r", "देवनागरी क्षत्रिय नमस्ते दुनिया", "বাংলা ভাষা", "தமிழ் மொழி", "తెలుగు భాష", "ภาษาไทยไม่มีช่องว่าง",
        "نصٌّ عربيٌّ مُشَكَّل ١٢٣", "עברית עם נִקּוּד", "فارسی ۱۲۳", "Ελληνικά ΌΧΙ", "Українська мова", "Հայերեն", "ქართული",
        "Tiếng Việt có dấu", "Türkçe İstanbul ılık", "Ŝanĝo ĉiuĵaŭde", "한국어 문장 각", "日本語の文、カタカナ。", "中文，没有空格。", "မြန်မာဘာသာ", "ខ្មែរ",
        "አማርኛ", "👩‍👩‍👧‍👦🏳️‍🌈👍🏽", "e\u0301\u0323e\u0323\u0301", "x\u0000y\u001Fz", "①㍿ﷺ𝒳", "''s 's 'S 'ſ don'ſ I'LL we'Re",
        "12345678 3.14159",
        "foo/bar//baz\n/\n", "CamelCase HTTPServer ÀÉb", "!!!abc ?Def __init__", "▁▁a▁b ▁c", "\t\t\tif (x) {\n\t\treturn 0;\n\t}\n",
        new string('a', 3000), new string(' ', 3000) + "x", string.Concat(Enumerable.Repeat("Hello world, don't! 你好 ", 200)),
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_file_encodes_and_decodes_as_the_reference_does(string form)
    {
        using var folder = new TemporaryFolder();

        // Without a decoder the reference writes tokens with blanks between them.
        Check(folder, TokenizerForms.Make(form).ToJsonString(), decodes: form != "words");
    }

    /// <summary>The rules that GGUF files name, written out or as expressions.</summary>
    [Theory]
    [MemberData(nameof(Rules))]
    public void Rules_of_a_GGUF_file_cut_as_the_models_expressions_do(string name)
    {
        using var folder = new TemporaryFolder();
        var file = TokenizerForms.Make("llama 3");
        file["pre_tokenizer"] = TokenizerForms.Cut(TokenizerForms.Rules[name]);
        file["normalizer"] = name.StartsWith("qwen", StringComparison.Ordinal) ? new JsonObject { ["type"] = "NFC" } : null;
        file["model"]!["ignore_merges"] = name is "llama-bpe" or "tekken";
        File.WriteAllText(folder.File("tokenizer.json"), file.ToJsonString());
        using var reference = new Tokenizer(folder.File("tokenizer.json"));
        var tokenizer = new BpeTokenizer(new BpeVocabulary
        {
            PreTokenizer = name,
            Tokens = [.. file["model"]!["vocab"]!.AsObject().Select(entry => entry.Key)],
            Control = [],
            UserDefined = [],
            Merges = [.. file["model"]!["merges"]!.AsArray().Select(merge => $"{merge![0]} {merge[1]}")],
        });

        foreach (var text in Texts)
        {
            var ids = new List<int>();
            tokenizer.Encode(text, allowSpecial: true, ids);
            AssertEqual(reference.Encode(text), ids, text);
        }
    }

    [SharedTheory("models")]
    [InlineData("whisper-tiny.en")]
    [InlineData("all-minilm-l6-v2")]
    public void A_models_own_file_encodes_as_the_reference_does(string model)
    {
        using var folder = new TemporaryFolder();
        var file = JsonNode.Parse(File.ReadAllText(ModelFiles.SharedModel(model, "tokenizer.json")))!;
        (file["padding"], file["truncation"]) = (null, null);

        Check(folder, file.ToJsonString(), decodes: model != "all-minilm-l6-v2");
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void No_text_has_more_tokens_than_the_file_says(string form)
    {
        ITokenizer tokenizer = Read(TokenizerForms.Make(form));

        Assert.All(Texts.Concat(["\uFDFA\uFDFA", "1a2b3c", "a b c d", "你你你 world world"]), text =>
        {
            var ids = new List<int>();
            tokenizer.Encode(text, allowSpecial: false, ids);
            var most = ((long)tokenizer.MostTokensPerByte * Encoding.UTF8.GetByteCount(text)) + tokenizer.MostExtraTokens;
            Assert.True(ids.Count <= most, $"{text}: {ids.Count} tokens, {most} at most");
        });
    }

    /// <summary>It does not end in quadratic time, whatever the kind.</summary>
    [Theory]
    [InlineData("gpt-2", "a")]
    [InlineData("gpt-4o", "aB")]
    [InlineData("deepseek-v3", " ")]
    [InlineData("deepseek-v3", "!a")]
    [InlineData("expressions", "\u0301")]
    [InlineData("sets", "あ")]
    [InlineData("spm llama", "a")]
    [InlineData("spm llama", " ")]
    [InlineData("spm first", "क्ष")]
    [InlineData("spm unknown", "a")]
    [InlineData("added", "x's")]
    public void A_long_text_takes_time_by_its_length(string form, string part)
    {
        var ids = new List<int>();

        Read(TokenizerForms.Make(form)).Encode(string.Concat(Enumerable.Repeat(part, 300_000 / part.Length)), allowSpecial: false, ids);

        Assert.InRange(ids.Count, 1_000, 3_000_000);
    }

    /// <summary>A way that leads nowhere is gone once.</summary>
    [Theory]
    [InlineData("(a+)+b", 0)]
    [InlineData("(?:a|a|aa)*b", 0)]
    [InlineData("(?:a*)*$", 1)]
    [InlineData("a*a*a*a*a*b|a{3}", 66_666)]
    [InlineData("(?:a?){30}a{30}(?!a)", 1)]
    [InlineData("(?:(?:a*)+)+x|aa", 100_000)]
    [InlineData("a*?a*?b|(?=a)(?<=a)a", 199_999)]
    public void A_hostile_expression_takes_time_by_the_length_of_the_text(string expression, int matches)
    {
        var found = new List<Range>();

        new SplitPattern(expression).Find(new string('a', 200_000), found);

        Assert.Equal(matches, found.Count(match => match.End.Value > match.Start.Value));
    }

    [Theory]
    [InlineData("(?>a)", "'(?>'")]
    [InlineData(@"(a)\1", @"'\1'")]
    [InlineData(@"\p{Script=Greek}", "'Script=Greek'")]
    [InlineData("(?=a+)", "looks ahead")]
    [InlineData("(?<=a|bc)d", "looks ahead")]
    [InlineData("(?:ab)++", "possessive")]
    [InlineData("a{1,3}+", "'{1,3}+'")]
    [InlineData("a{2000}", "'{2000}'")]
    [InlineData("(?:(?:a{100}){100}){100}", "too large")]
    [InlineData("(?:a?){200}", "too large")]
    [InlineData("[[:alpha:]]", "class of POSIX")]
    [InlineData("[a", "does not end")]
    [InlineData("(a", "does not end")]
    [InlineData("a)", "too many")]
    [InlineData("*a", "nothing before it")]
    [InlineData("[b-a]", "range")]
    [InlineData(@"\q", @"'\q'")]
    [InlineData(@"a\", "at its end")]
    public void An_expression_that_is_not_supported_is_refused_by_name(string expression, string why)
    {
        var refusal = Assert.Throws<FormatException>(() => new SplitPattern(expression));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(expression, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}""", "dropout")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a b"]}""", "merge 0")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a"]}""", "merge 0")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""", "one id")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "out of range")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"<u>"}""", "'<u>'")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"cache":1}""", "member 'cache'")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}""", "reads bytes")]
    [InlineData("model", """{"type":"Unknown"}""", "model 'Unknown'")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Joined"}""", "behavior 'Joined'")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Glob":"a"},"behavior":"Isolated"}""", "member 'Glob'")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"String":""},"behavior":"Isolated"}""", "empty text")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel","add_suffix_space":true}""", "member 'add_suffix_space'")]
    [InlineData("normalizer",
        """{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"NFKC"},{"type":"NFKC"},{"type":"NFKC"}]}""", "tokens of one byte")]
    [InlineData("decoder", """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteLevel"}]}""", "behind 'Fuse'")]
    [InlineData("decoder", """{"type":"Strip","content":" ","start":1,"stop":0}""", "strips")]
    [InlineData("decoder", """{"type":"Replace","pattern":{"Regex":"a"},"content":" "}""", "replaces")]
    [InlineData("post_processor",
        """{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["a",0],"cls":["a",0]},{"type":"RobertaProcessing"}]}""",
        "frames texts twice")]
    public void A_member_that_is_not_applied_is_refused_by_name(string member, string value, string why)
    {
        var file = TokenizerForms.Make("gpt-2");
        file[member] = JsonNode.Parse(value);

        var refusal = Assert.Throws<ModelImportException>(() => Read(file));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_of_RoBERTa_stands_in_a_sequence_of_processors()
    {
        var file = TokenizerForms.Make("gpt-2");
        file["post_processor"] = JsonNode.Parse(
            """
            {"type":"Sequence","processors":[
              {"type":"ByteLevel","trim_offsets":true},
              {"type":"RobertaProcessing","sep":["b",98],"cls":["a",97],"trim_offsets":true,"add_prefix_space":false}]}
            """);

        var frame = Read(file).Frame;

        Assert.Equal([97], frame.Prefix);
        Assert.Equal([98], frame.Suffix);
        Assert.Equal([97, 1, 98, 98, 2, 98], frame.Pair!.Join([1], [2]).Ids);
    }

    /// <summary>The text of a template and of users between two control tokens is one run, and what tokens strip is stripped.</summary>
    [Theory]
    [InlineData("added")]
    [InlineData("spm llama")]
    [InlineData("spm first")]
    [InlineData("spm always")]
    public void Encode_of_segments_equals_encoding_the_whole_for_harmless_text(string form)
    {
        var file = TokenizerForms.Make(form);
        file["added_tokens"]!.AsArray().Add(new JsonObject
        {
            ["id"] = 5_000, ["content"] = "<|end|>", ["single_word"] = false, ["lstrip"] = true, ["rstrip"] = true, ["normalized"] = false,
            ["special"] = true,
        });
        ITokenizer tokenizer = Read(file);
        TextSegment[] segments = [new("Hello wor", true), new("ld's  ", false), new(" <|end|>", true), new(" the end", false)];
        var (apart, whole) = (new List<int>(), new List<int>());

        tokenizer.Encode(segments, apart);
        tokenizer.Encode(string.Concat(segments.Select(segment => segment.Text)), allowSpecial: true, whole);

        Assert.Equal(whole, apart);
        Assert.Contains(5_000, whole);
    }

    private static void Check(TemporaryFolder folder, string json, bool decodes = true)
    {
        File.WriteAllText(folder.File("tokenizer.json"), json);
        using var reference = new Tokenizer(folder.File("tokenizer.json"));
        var tokenizer = TokenizerFile.ReadFramed(Encoding.UTF8.GetBytes(json));
        foreach (var text in Texts)
        {
            var ids = new List<int>();
            ((ITokenizer)tokenizer).Encode(text, allowSpecial: true, ids);
            var wanted = reference.Encode(text);
            AssertEqual(wanted, [.. tokenizer.Frame.Prefix, .. ids, .. tokenizer.Frame.Suffix], text);
            Assert.Equal(tokenizer.Cut(text).Length, tokenizer.Spell(text).Count);
            if (decodes && !ids.Exists(id => tokenizer.IsSpecial(id)))
            {
                Assert.Equal(reference.Decode([.. ids.Select(id => (uint)id)]), Decode(tokenizer, ids));
            }
        }
    }

    private static void AssertEqual(uint[] wanted, IReadOnlyList<int> found, string text) => Assert.True(
        wanted.Select(id => (int)id).SequenceEqual(found),
        $"{JsonValue.Create(text).ToJsonString()}: {string.Join(' ', wanted)} expected, {string.Join(' ', found)} found");

    private static string Decode(ITokenizer tokenizer, IEnumerable<int> ids)
    {
        var (bytes, writer) = (new List<byte>(), new TokenWriter(tokenizer));
        foreach (var id in ids)
        {
            bytes.AddRange(writer.Write(id));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static IFramedTokenizer Read(JsonObject file) => TokenizerFile.ReadFramed(Encoding.UTF8.GetBytes(file.ToJsonString()));
}
