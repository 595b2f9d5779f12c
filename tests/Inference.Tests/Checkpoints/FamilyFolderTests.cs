using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Decoders;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>Each tiny family's weights as a folder of Hugging Face and as a GGUF file: one model.</summary>
/// <remarks>Families without a class of decoders on Hugging Face are left out: <c>mistral3</c> is part of a class that reads
/// pictures.</remarks>
public sealed class FamilyFolderTests
{
    private const float Tolerance = 1e-4f;

    /// <summary>Divisors by Llama 3.1's rule, of a base of 500,000, heads of 16, factor 8, bounds 1 and 4, first trained on 64 tokens.
    /// Waves are 2π · 500,000^(i/8): 6.3, 32.4, 167 and longer; 64/4 = 16 is short, 64 long; 64 / 32.4 = 1.9753, smooth 0.3251,
    /// 1 / (0.6749 / 8 + 0.3251) = 2.4423.</summary>
    private static readonly float[] LlamaDivisors = [1, 2.4422594f, 8, 8, 8, 8, 8, 8];

    /// <summary>Name of the family, class, members of <c>config.json</c>.</summary>
    private static readonly (string Family, string Class, string Members)[] Cases =
    [
        ("llama: grouped heads", "LlamaForCausalLM", "{}"),
        ("llama: equal heads", "LlamaForCausalLM", "{}"),
        ("llama: one key head", "LlamaForCausalLM", "{}"),
        ("llama: packed inputs and biases", "LlamaForCausalLM", """{"attention_bias": true, "mlp_bias": true}"""),
        ("llama: linear scaling", "LlamaForCausalLM", """{"rope_scaling": {"type": "linear", "factor": 4.0}}"""),
        ("llama 3: frequencies divided", "LlamaForCausalLM", """
            {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}
            """),
        ("mistral: a window", "MistralForCausalLM", """{"model_type": "mistral", "sliding_window": 9}"""),
        ("smollm3", "SmolLM3ForCausalLM", """{"rope_theta": 100000.0, "no_rope_layer_interval": 4}"""),
        ("qwen2", "Qwen2ForCausalLM", """{"use_sliding_window": false}"""),
        ("qwen2: YaRN", "Qwen2ForCausalLM", """
            {"rope_theta": 1000.0, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}}
            """),
        ("qwen2: YaRN with a factor of attention", "Qwen2ForCausalLM", """
            {"rope_theta": 1000.0, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64,
            "attention_factor": 0.79704061}}
            """), // GGUF's factor multiplies: 0.7 · (1 + 0.1 · ln 4)
        ("qwen3", "Qwen3ForCausalLM", """{"rope_theta": 1000000.0, "attention_bias": false}"""),
        ("gemma", "GemmaForCausalLM", "{}"),
        ("gemma: wide heads", "GemmaForCausalLM", "{}"),
        ("gemma2", "Gemma2ForCausalLM", """
            {"query_pre_attn_scalar": 16, "attn_logit_softcapping": 3.0, "final_logit_softcapping": 5.0, "sliding_window": 8}
            """),
        ("gemma2: as many layers as 27B", "Gemma2ForCausalLM", """
            {"query_pre_attn_scalar": 8, "attn_logit_softcapping": 3.0, "final_logit_softcapping": 5.0, "sliding_window": 8}
            """), // there the scale is that of width / heads
        ("gemma3", "Gemma3ForCausalLM", """
            {"query_pre_attn_scalar": 24, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "sliding_window": 8,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0}}
            """),
        ("gemma3: its own pattern and local base", "Gemma3ForCausalLM", """
            {"query_pre_attn_scalar": 24, "rope_local_base_freq": 500.0, "sliding_window": 8, "sliding_window_pattern": 2}
            """),
        ("phi3", "Phi3ForCausalLM", "{}"),
        ("phi3: a window", "Phi3ForCausalLM", """{"sliding_window": 9}"""),
        ("phi4-mini: long factors over a part of each head", "Phi3ForCausalLM", Long),
        ("phi4-mini: short factors", "Phi3ForCausalLM", Long),
        ("gpt2", "GPT2LMHeadModel", "{}"),
    ];

    private const string Long = """
        {"partial_rotary_factor": 0.75, "original_max_position_embeddings": 256, "sliding_window": 4096, "rope_scaling": {
        "type": "longrope", "long_factor": [1, 1.5, 2, 3, 5, 8], "short_factor": [1, 1, 1.1, 1.2, 1.3, 1.5], "attention_factor": 1.19}}
        """;

    public static TheoryData<string> Names => [.. Cases.Select(one => one.Family)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_folder_gives_the_logits_and_the_tokens_of_the_GGUF_file_of_its_weights(string name)
    {
        using var folder = new TemporaryFolder();
        var (_, className, members) = Cases.Single(one => one.Family == name);
        var family = TinyFamilies.All.Single(one => one.Name == name) with { HalfNumbers = true };
        if (className == "LlamaForCausalLM" && family.Divisors.Count > 0)
        {
            family = family with { Divisors = new Dictionary<string, float[]> { ["rope_freqs.weight"] = LlamaDivisors } };
        }

        family.Write(folder.File("same.gguf"));
        using var same = await LoadAsync(folder, "same.gguf");
        using var file = GgufFile.Open(folder.File("same.gguf"));
        foreach (var (type, shards) in ((string, int)[])[("F32", 1), ("F16", 2), ("BF16", 3)])
        {
            new FamilyFolder(family, file).Make(className, JsonNode.Parse(members)!.AsObject()).Write(folder.File(type), type, shards);
            using var model = await LoadAsync(folder, type);

            Assert.Equal(("huggingface", "safetensors"), (model.Marks.Kind, model.Manifest.Source.Format));
            Assert.Equal([TinyFamily.End], model.Marks.EosIds);
            Assert.True(model.CanChat);
            foreach (var text in (string[])["the other one", "Grüße, 你好!", string.Concat(Enumerable.Repeat("as in the north ", 6))])
            {
                var prompt = same.EncodePrompt(text);
                Assert.Equal(prompt, model.EncodePrompt(text));
                Assert.All(Logits(same, prompt).Zip(Logits(model, prompt)), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            }
        }
    }

    /// <summary>Those behind a prompt and behind two further tokens.</summary>
    private static float[] Logits(DecoderModel model, List<int> prompt)
    {
        using var run = new DecoderRun(
            model.Session, model.Shape.Layers, model.Shape.KeyValueHeads, model.Shape.HeadWidth, prompt.Count + 2);
        return [.. run.Append([.. prompt]), .. run.Append([7]), .. run.Append([290])];
    }

    private static async Task<DecoderModel> LoadAsync(TemporaryFolder folder, string file)
    {
        var installed = await ModelImport.RunAsync(
            folder.File(file), $"tiny-{Path.GetFileNameWithoutExtension(file).ToLowerInvariant()}", folder.File("models"),
            new() { Precision = ModelPrecisions.Float32 }, progress: null, CancellationToken.None);
        return await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
    }
}
