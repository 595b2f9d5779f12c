using System.Text.Json.Nodes;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>Folders of safetensors against the GGUF that the same weights make.</summary>
public sealed class CheckpointImportTests
{
    private static readonly int[] Prompt = [1, 200, 33, 90, 258, 7];

    [Theory]
    [InlineData(4, "F32", 1)]
    [InlineData(2, "F16", 1)]
    [InlineData(2, "BF16", 3)]
    [InlineData(1, "F32", 2)]
    public async Task A_folder_is_installed_as_the_graph_of_the_GGUF_of_its_weights_byte_for_byte(
        int keyValueHeads, string type, int shards)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama(keyValueHeads);
        hub.Write(folder.File("hub"), type, shards);
        ToGguf(hub, keyValueHeads, "llama").Write(folder.File("same.gguf"));

        var installed = await ImportAsync(folder, "hub");
        var same = await ImportAsync(folder, "same.gguf");

        Assert.Equal(
            same.Manifest.Files.Where(file => file.Name != "tokenizer.json"),
            installed.Manifest.Files.Where(file => file.Name != "tokenizer.json"));
        Assert.Equal(("huggingface", "<|endoftext|>"), (installed.Manifest.Tokenizer!.Kind, installed.Manifest.Tokenizer.EosText));
        Assert.Equal([HubFolder.EndId], installed.Manifest.Tokenizer.EosIds);
        Assert.Equal(("hub", "safetensors"), (installed.Manifest.Source.File, installed.Manifest.Source.Format));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(2)]
    public void Rows_of_heads_are_paired_so_that_the_rotation_is_that_of_halves(int keyValueHeads)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama(keyValueHeads);
        hub.Write(folder.File("hub"));
        // Qwen 2 differs from Llama in biases only, and GGUF keeps its heads as they are: the halves rotate.
        ToGguf(hub, keyValueHeads, "qwen2").Write(folder.File("halves.gguf"));
        using var checkpoint = Checkpoint.Open(folder.File("hub"));
        using var halves = GgufFile.Open(folder.File("halves.gguf"));

        var logits = DecoderReference.Logits(new DecoderWeights(checkpoint), Prompt);

        var expected = DecoderReference.Logits(new DecoderWeights(halves), Prompt);
        Assert.All(logits.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Fact]
    public async Task A_tied_table_is_stored_once_whether_or_not_the_folder_repeats_it()
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama(tied: true);
        hub.Write(folder.File("once"));
        hub.Tensors["lm_head.weight"] = hub.Tensors["model.embed_tokens.weight"];
        hub.Write(folder.File("twice"));

        var once = await ImportAsync(folder, "once");
        var twice = await ImportAsync(folder, "twice");

        Assert.Equal(once.Manifest.Files, twice.Manifest.Files);
    }

    [Fact]
    public void Llama_3_scales_short_long_and_middle_waves_each_in_their_way()
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Config["rope_theta"] = 500_000.0;
        hub.Config["head_dim"] = 8;
        hub.Config["rope_scaling"] = new JsonObject
        {
            ["rope_type"] = "llama3", ["factor"] = 8.0, ["low_freq_factor"] = 1.0, ["high_freq_factor"] = 4.0,
            ["original_max_position_embeddings"] = 1024,
        };
        using var checkpoint = Checkpoint.Open(hub.Write(folder.File("hub")));

        var factors = checkpoint.Read(checkpoint.Tensors["rope_freqs.weight"]);

        // Waves of 2π · 500,000^(i / 4): 6, 167, 4,443 and 118,141 tokens; short up to 1024 / 4, long from 1024 / 1.
        Assert.Equal([1, 1, 8, 8], factors);
        hub.Config["rope_scaling"]!["original_max_position_embeddings"] = 8192;
        using var middle = Checkpoint.Open(hub.Write(folder.File("middle")));
        // 8192 / 4442.9 = 1.8438; smooth = 0.8438 / 3 = 0.28127; 1 / (0.71873 / 8 + 0.28127) = 2.6945
        Assert.Equal(2.6945f, middle.Read(middle.Tensors["rope_freqs.weight"])[2], 1e-3f);
    }

    [Theory]
    [InlineData(null, false, false)]
    [InlineData(null, true, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, true)]
    public void A_text_begins_with_a_token_where_the_configuration_says_so_and_else_where_the_tokenizer_does(
        bool? stated, bool framed, bool begins)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.TokenizerConfig["bos_token"] = new JsonObject { ["content"] = "<|im_start|>", ["lstrip"] = false };
        hub.TokenizerConfig["add_bos_token"] = stated;
        if (framed)
        {
            hub.Tokenizer["post_processor"] = Frame("<|im_start|>");
        }

        using var checkpoint = Checkpoint.Open(hub.Write(folder.File("hub")));

        Assert.Equal((259, "<|im_start|>"), checkpoint.Tokenizer.Start);
        Assert.Equal(begins, checkpoint.Tokenizer.AddsStart);
        Assert.Equal(259, checkpoint.Metadata.Get<long>("tokenizer.ggml.bos_token_id"));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_template_that_writes_the_start_token_begins_a_chat_with_one_whatever_the_configuration_says(
        bool? stated, bool framed)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.TokenizerConfig["bos_token"] = "<|im_start|>";
        hub.TokenizerConfig["add_bos_token"] = stated;
        hub.TokenizerConfig["chat_template"] = "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}";
        if (framed)
        {
            hub.Tokenizer["post_processor"] = Frame("<|im_start|>");
        }

        var installed = await ModelImport.RunAsync(
            hub.Write(folder.File("hub")), "m", folder.File("models"), new(), progress: null, CancellationToken.None);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);

        Assert.Equal(stated ?? framed, installed.Manifest.Tokenizer!.AddBos);
        Assert.Equal(259, Assert.Single(model.EncodeChat([new("user", "a")]), id => id == 259));
        Assert.Equal(259, model.EncodeChat([new("user", "a")])[0]);
    }

    [Fact]
    public void A_tokenizer_that_begins_texts_with_another_token_is_refused()
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.TokenizerConfig["bos_token"] = "<|endoftext|>";
        hub.Tokenizer["post_processor"] = Frame("<|im_start|>");
        hub.Write(folder.File("hub"));

        var refusal = Assert.Throws<ModelImportException>(() => Checkpoint.Open(folder.File("hub")));

        Assert.Contains("puts the token 259 before every text", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_end_of_the_generation_configuration_ends_an_answer()
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Generation = new JsonObject { ["eos_token_id"] = new JsonArray(258, 256, 259), ["temperature"] = 0.6, ["top_p"] = 0.9 };
        using var checkpoint = Checkpoint.Open(hub.Write(folder.File("hub")));

        Assert.Equal([256, 258, 259], ((string[])["eos", "eot", "eom"]).Select(
            name => checkpoint.Metadata.Get<long>($"tokenizer.ggml.{name}_token_id")));
        Assert.Contains("temperature 0.6, top_p 0.9", Assert.Single(checkpoint.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tokenizer_is_that_of_the_folder_and_rows_without_a_token_belong_to_none()
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Checkpoint.Open(HubFolder.Llama().Write(folder.File("hub")));
        var ids = new List<int>();

        checkpoint.Tokenizer.Tokenizer.Encode("the<|endoftext|>\n", allowSpecial: true, ids);

        Assert.Equal([258, 256, 10], ids);
        Assert.Equal(260, checkpoint.Tokenizer.Tokenizer.VocabularySize); // of 272 rows
        Assert.Equal((256, "<|endoftext|>"), checkpoint.Tokenizer.End);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("list")]
    public async Task A_template_is_a_file_or_the_one_named_default(string form)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        const string Template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}";
        hub.TokenizerConfig["chat_template"] = form == "file" ? "not this one" : new JsonArray(
            new JsonObject { ["name"] = "default", ["template"] = Template },
            new JsonObject { ["name"] = "rag", ["template"] = "not this one" });
        hub.Write(folder.File("hub"));
        if (form == "file")
        {
            await File.WriteAllTextAsync(folder.File("hub/chat_template.jinja"), Template);
        }

        await File.WriteAllTextAsync(folder.File("hub/README.md"), "---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n");

        var installed = await ImportAsync(folder, "hub");

        Assert.Equal(Template, await File.ReadAllTextAsync(installed.PathOf("chat_template.jinja")));
        Assert.Equal("apache-2.0", installed.Manifest.Licence);
        var notes = installed.Manifest.Notes ?? [];
        Assert.Equal(form == "list", notes.Any(note => note.Contains("left out: rag", StringComparison.Ordinal)));
    }

    internal static JsonObject Frame(params string[] before) => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray([
            .. before.Select(token => new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = 0 } }),
            new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } },
        ]),
    };

    private static Task<InstalledModel> ImportAsync(TemporaryFolder folder, string file) => ModelImport.RunAsync(
        folder.File(file), Path.ChangeExtension(file, null), folder.File("models"), new(), progress: null, CancellationToken.None);

    /// <summary>The weights as a GGUF file; the rows of heads are paired for the architecture 'llama'.</summary>
    private static GgufWriter ToGguf(HubFolder hub, int keyValueHeads, string architecture)
    {
        var gguf = new GgufWriter()
            .Key("general.architecture", architecture).Key($"{architecture}.block_count", HubFolder.Layers)
            .Key($"{architecture}.context_length", 64).Key($"{architecture}.embedding_length", HubFolder.Width)
            .Key($"{architecture}.feed_forward_length", HubFolder.FeedForward).Key($"{architecture}.attention.head_count", 4)
            .Key($"{architecture}.attention.head_count_kv", keyValueHeads)
            .Key($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f).Key($"{architecture}.rope.freq_base", 10000f)
            .Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.pre", "gpt-2").Key("tokenizer.ggml.merges", new[] { "t h", "th e" })
            .Key("tokenizer.ggml.tokens", Tokens()).Key("tokenizer.ggml.token_type", Types())
            .Key("tokenizer.ggml.eos_token_id", HubFolder.EndId).Key("tokenizer.ggml.add_bos_token", false)
            .Key("tokenizer.chat_template", (string)hub.TokenizerConfig["chat_template"]!);
        foreach (var (name, (shape, numbers)) in hub.Tensors)
        {
            var heads = name.Contains("q_proj", StringComparison.Ordinal) ? 4
                : name.Contains("k_proj", StringComparison.Ordinal) ? keyValueHeads : 0;
            gguf.Tensor(
                Rename(name), shape[^1], shape.Length > 1 ? shape[0] : null,
                heads > 0 && architecture == "llama" ? Pair(numbers, heads, shape[0] / heads, shape[1]) : numbers);
        }

        return gguf;
    }

    private static string Rename(string name) => name.Replace("model.layers.", "blk.", StringComparison.Ordinal)
        .Replace("model.embed_tokens", "token_embd", StringComparison.Ordinal)
        .Replace("model.norm", "output_norm", StringComparison.Ordinal)
        .Replace("lm_head", "output", StringComparison.Ordinal).Replace("input_layernorm", "attn_norm", StringComparison.Ordinal)
        .Replace("post_attention_layernorm", "ffn_norm", StringComparison.Ordinal).Replace("mlp.", "ffn_", StringComparison.Ordinal)
        .Replace("self_attn.o_proj", "attn_output", StringComparison.Ordinal).Replace("self_attn.", "attn_", StringComparison.Ordinal)
        .Replace("_proj", "", StringComparison.Ordinal);

    /// <summary>As [heads, 2, half, columns] with the second and third axes exchanged.</summary>
    private static float[] Pair(float[] numbers, int heads, int width, int columns) =>
    [
        .. from head in Enumerable.Range(0, heads)
           from within in Enumerable.Range(0, width / 2)
           from half in Enumerable.Range(0, 2)
           from column in Enumerable.Range(0, columns)
           select numbers[((((head * 2) + half) * (width / 2)) + within) * columns + column],
    ];

    private static string[] Tokens()
    {
        var tokens = Enumerable.Range(0, HubFolder.Vocabulary)
            .Select(id => id < 256 ? $"{ByteAlphabet.ToChar((byte)id)}" : $"[PAD{id}]").ToArray();
        (tokens[256], tokens[257], tokens[258], tokens[259]) = ("<|endoftext|>", "th", "the", "<|im_start|>");
        return tokens;
    }

    private static int[] Types() => [.. Enumerable.Range(0, HubFolder.Vocabulary).Select(id => id is 256 or 259 ? 3 : id > 259 ? 5 : 1)];
}
