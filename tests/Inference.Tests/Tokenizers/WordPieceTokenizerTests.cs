using System.Text.Json.Nodes;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tokenizers;

public sealed class WordPieceTokenizerTests
{
    private static readonly string File = Path.Combine(ModelFiles.Defaults, "tiny-embed", "tokenizer.json");

    [Fact]
    public async Task Encode_gives_what_the_reference_gives_for_strange_texts()
    {
        var json = await System.IO.File.ReadAllTextAsync(File);
        var tokenizer = TokenizerFile.ReadFramed(System.Text.Encoding.UTF8.GetBytes(json));
        // This reference misses Chinese characters beyond U+FFFF, which BERT parts, and
        // lower-cases a word's last sigma by context, which BERT does not.
        var texts = TextFuzz.Texts(1500).Where(t => t.AsSpan().IndexOfAny("\uD840Σ") < 0).ToArray();
        var expected = await NodeOracle.RunAsync("Tokenizers/tokenize.mjs", new JsonObject
        {
            ["tokenizer"] = JsonNode.Parse(json),
            ["texts"] = new JsonArray([.. texts.Select(t => (JsonNode)t)]),
            ["special"] = false,
        });

        for (var i = 0; i < texts.Length; i++)
        {
            var ids = new List<int>();
            tokenizer.Encode(texts[i], allowSpecial: true, ids);
            var wanted = expected[i]!.AsArray().Select(id => (int)id!).ToArray();
            Assert.True(wanted.SequenceEqual(ids),
                $"{JsonValue.Create(texts[i]).ToJsonString()}: {string.Join(' ', wanted)} expected, {string.Join(' ', ids)} found");
        }
    }

    [Fact]
    public void Encode_takes_a_special_token_in_a_users_text_for_text()
    {
        var tokenizer = TokenizerFile.ReadFramed(System.IO.File.ReadAllBytes(File));
        var ids = new List<int>();

        tokenizer.Encode("[SEP]", allowSpecial: false, ids);

        Assert.Equal([1031, 19802, 1033], ids); // "[", "sep", "]"
        Assert.Equal([101], tokenizer.Frame.Prefix);
        Assert.Equal([102], tokenizer.Frame.Suffix);
        Assert.True(tokenizer.IsSpecial(102));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{}")]
    [InlineData("""{"model":{"type":"BPE"}}""")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0}},"normalizer":null,"pre_tokenizer":{"type":"BertPreTokenizer"}}""")]
    [InlineData(
        """{"model":{"type":"WordPiece","vocab":{"a":99999999}},"normalizer":{"type":"BertNormalizer"}"""
        + ""","pre_tokenizer":{"type":"BertPreTokenizer"}}""")]
    public void ReadFramed_refuses_other_files(string json) =>
        Assert.Throws<ModelImportException>(() => TokenizerFile.ReadFramed(System.Text.Encoding.UTF8.GetBytes(json)));

    /// <summary>Each asks for something that would be left undone.</summary>
    [Theory]
    [InlineData("normalizer", """{"type":"BertNormalizer","strip_digits":true}""")]
    [InlineData("pre_tokenizer", """{"type":"BertPreTokenizer","behavior":"Isolated"}""")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}}]}""")]
    [InlineData("post_processor",
        """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}""")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":1}}]}""")]
    [InlineData("model", """{"type":"WordPiece","vocab":{"[UNK]":0},"dropout":0.1}""")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"Bert"}]}""")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel"}""")]
    [InlineData("post_processor", """{"type":"RobertaProcessing","sep":["[SEP]",102],"cls":["[CLS]",101],"pairs":true}""")]
    [InlineData("decoder", """{"type":"BPEDecoder"}""")]
    [InlineData("added_tokens", """[{"id":7,"content":"acme","special":true,"weight":1}]""")]
    [InlineData("model", """{"type":"WordPiece","vocab":{"[UNK]":0},"max_input_chars_per_word":100000}""")]
    [InlineData("filters", "[]")]
    public void ReadFramed_refuses_what_it_would_leave_undone(string member, string value)
    {
        var json = JsonNode.Parse(System.IO.File.ReadAllText(File))!;
        json[member] = JsonNode.Parse(value);

        var refusal = Assert.Throws<ModelImportException>(
            () => TokenizerFile.ReadFramed(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())));

        Assert.Contains("support", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadFramed_takes_the_ids_that_the_post_processor_gives_its_frame()
    {
        var json = JsonNode.Parse(System.IO.File.ReadAllText(File))!;
        json["post_processor"]!["special_tokens"]!["[CLS]"]!["ids"] = new JsonArray(5, 6);

        var tokenizer = TokenizerFile.ReadFramed(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));

        Assert.Equal([5, 6], tokenizer.Frame.Prefix);
    }
}
