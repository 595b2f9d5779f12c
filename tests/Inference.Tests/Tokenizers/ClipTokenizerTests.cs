using System.Text.Json.Nodes;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Diffusion;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tokenizers;

public sealed class ClipTokenizerTests
{
    private const int Start = 777;
    private const int End = 778;

    private static string Folder => Path.Combine(PainterFiles.Root, "tokenizer");

    [Fact]
    public void Encode_gives_the_reference_ids_of_every_prompt()
    {
        var tokenizer = ClipTokenizer.Read(Folder, length: null);

        Assert.Equal(32, tokenizer.Length);
        Assert.All(PainterFiles.Cases, reference =>
        {
            Assert.Equal(PainterFiles.Ids(reference, "prompt_ids"), tokenizer.Encode(reference.GetProperty("prompt").GetString()!).Ids);
            Assert.Equal(
                PainterFiles.Ids(reference, "negative_ids"), tokenizer.Encode(reference.GetProperty("negative_prompt").GetString()!).Ids);
        });
    }

    [Fact]
    public async Task Encode_gives_what_the_reference_gives_for_strange_texts()
    {
        var vocabulary = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "vocab.json")))!.AsObject();
        var merges = (await File.ReadAllLinesAsync(Path.Combine(Folder, "merges.txt"))).Skip(1).Where(line => line.Length > 0).ToArray();
        var tokenizer = new ClipTokenizer(
            vocabulary.ToDictionary(entry => entry.Key, entry => (int)entry.Value!), merges, Specials(), length: 4096);

        // The reference lower-cases a word's last sigma by context, which CLIP's converted tokenizer does not.
        string[] texts = [.. TextFuzz.Texts(1500).Where(text => !text.Contains('Σ')), "A Red HOUSE's on the the green GRASS!!! 42"];
        var expected = await NodeOracle.RunAsync("Tokenizers/clip.mjs", new JsonObject
        {
            ["vocab"] = vocabulary.DeepClone(),
            ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
            ["texts"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]),
        });

        for (var i = 0; i < texts.Length; i++)
        {
            var encoded = tokenizer.Encode(texts[i]);
            var wanted = expected[i]!.AsArray().Select(id => (int)id!).ToArray();
            Assert.True(
                wanted.AsSpan().SequenceEqual(encoded.Ids.AsSpan(1, encoded.Used - 2)),
                $"{JsonValue.Create(texts[i]).ToJsonString()}: {string.Join(' ', wanted)} expected, "
                + $"{string.Join(' ', encoded.Ids[1..(encoded.Used - 1)])} found");
        }
    }

    [Fact]
    public void Encode_cuts_a_long_text_and_gives_what_is_read()
    {
        var tokenizer = ClipTokenizer.Read(Folder, length: 8);

        var fits = tokenizer.Encode("A red house on green grass");
        var cut = tokenizer.Encode("A red house on GREEN grass, at night!");

        Assert.Null(fits.Cut);
        Assert.Equal([Start, 264, 313, 380, 273, 299, 362, End], fits.Ids);
        Assert.Equal(fits.Ids, cut.Ids);
        Assert.Equal((8, "a red house on green grass"), (cut.Used, cut.Cut));
    }

    [Fact]
    public void Encode_takes_a_special_token_in_a_text_for_text()
    {
        var encoded = ClipTokenizer.Read(Folder, length: null).Encode("<|endoftext|>");

        Assert.DoesNotContain(End, encoded.Ids[1..(encoded.Used - 1)]);
        Assert.DoesNotContain(Start, encoded.Ids[1..]);
    }

    [Fact]
    public void Encode_of_one_endless_word_ends()
    {
        var encoded = ClipTokenizer.Read(Folder, length: null).Encode(new string('a', 1_000_000));

        Assert.Equal(32, encoded.Used);
        Assert.NotNull(encoded.Cut);
    }

    [Theory]
    [InlineData("""{"tokenizer_class":"T5Tokenizer"}""", "T5Tokenizer")]
    [InlineData("""{"do_lower_case":false}""", "do_lower_case")]
    [InlineData("""{"add_prefix_space":true}""", "add_prefix_space")]
    [InlineData("""{"bos_token":"<s>"}""", "<s>")]
    [InlineData("[]", "not an object")]
    [InlineData("{", "cannot be read")]
    public void Read_refuses_other_tokenizers_by_name(string config, string named)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer_config.json"), config);
        File.WriteAllText(Path.Combine(folder.Path, "vocab.json"), """{"a":0,"a</w>":1,"<|startoftext|>":2,"<|endoftext|>":3}""");
        File.WriteAllText(Path.Combine(folder.Path, "merges.txt"), "#version: 0.2\n");

        var refusal = Assert.Throws<ModelImportException>(() => ClipTokenizer.Read(folder.Path, null));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":0,"a</w>":2,"<|startoftext|>":3,"<|endoftext|>":4}""", "")]
    [InlineData("""{"a":0,"a</w>":0,"<|startoftext|>":1,"<|endoftext|>":2}""", "")]
    [InlineData("""{"a":0,"a</w>":-1,"<|startoftext|>":1,"<|endoftext|>":2}""", "")]
    [InlineData("""{"a":0,"a</w>":1,"<|startoftext|>":2,"<|endoftext|>":3}""", "b c")]
    [InlineData("{}", "")]
    [InlineData("no json", "")]
    public void Read_refuses_a_vocabulary_that_contradicts_itself(string vocabulary, string merges)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "vocab.json"), vocabulary);
        File.WriteAllText(Path.Combine(folder.Path, "merges.txt"), merges);

        Assert.Throws<ModelImportException>(() => ClipTokenizer.Read(folder.Path, null));
    }

    private static ClipSpecials Specials() => new("<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>");
}
