using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>A file has exactly the keys and tensors of its family, or it is refused by name.</summary>
public sealed class DecoderWeightsTests
{
    private static readonly (TinyFamily Family, string Named)[] Refused =
    [
        (new("llama", "llama") { HeadNorms = true }, "'blk.0.attn_q_norm.weight'"),
        (new("qwen3", "qwen3"), "'blk.0.attn_q_norm.weight'"),
        (new("gemma2", "gemma2"), "'blk.0.post_attention_norm.weight'"),
        (new("gemma", "gemma") { PostNorms = true }, "'blk.0.post_attention_norm.weight'"),
        (new("gpt2", "gpt2") { CentredNorms = true, Gated = false, LearnedPositions = true, PacksInputs = true }, "'blk.0.attn_qkv.bias'"),
        (new("gpt2", "gpt2") { CentredNorms = true, Gated = false, PacksInputs = true, InputBiases = true }, "'position_embd.weight'"),
        (new("gpt2", "gpt2") { Keys = [("rope.freq_base", 500f)] }, "'gpt2.attention.layer_norm_rms_epsilon'"),
        (new("qwen2", "qwen2") { LearnedPositions = true }, "'position_embd.weight'"),
        (new("qwen2", "qwen2") { CentredNorms = true }, "'qwen2.attention.layer_norm_epsilon'"),
        (new("phi3", "phi3"), "'blk.0.ffn_up.weight' is 100 × 64"),
        (new("phi3", "phi3") { PacksGate = true, Keys = [("rope.scaling.type", "longrope")] }, "'rope_factors_long.weight'"),
        (Divided("phi3", ("rope_factors_long.weight", [1, 2, 3, 4, 5, 6, 7, 8])), "'rope_factors_short.weight'"),
        (Divided("llama", ("rope_freqs.weight", [1, 2, 3, 4, 5, 6, 7, 0])), "'rope_freqs.weight'"),
        (Divided("llama", ("rope_freqs.weight", [1, 2, 3])), "'rope_freqs.weight' is 1 × 3"),
        (new("llama", "llama") { Keys = [("rope.dimension_count", 7)] }, "'llama.rope.dimension_count'"),
        (new("llama", "llama") { Keys = [("rope.dimension_count", 32)] }, "'llama.rope.dimension_count'"),
        (new("gemma3", "gemma3")
        {
            HeadNorms = true,
            PostNorms = true,
            Keys = [("attention.sliding_window", 8), ("attention.sliding_window_pattern", new[] { true })],
        }, "'gemma3.attention.sliding_window_pattern'"),
        (new("qwen2", "qwen2") { Keys = [("attention.sliding_window_pattern", 2)] }, "'qwen2.attention.sliding_window_pattern'"),
        (new("qwen2", "qwen2") { Keys = [("rope.scaling.type", "yarn"), ("rope.scaling.yarn_ext_factor", 0.5f)] },
            "'qwen2.rope.scaling.yarn_ext_factor'"),
        (new("llama", "llama")
        {
            Keys = [("rope.scaling.type", "llama3"), ("rope.scaling.low_freq_factor", 4f), ("rope.scaling.high_freq_factor", 4f)],
        }, "'llama.rope.scaling.low_freq_factor'"),
        (new("falcon", "falcon"), "'falcon'"),
    ];

    [Fact]
    public void A_key_or_tensor_that_the_family_lacks_or_does_not_have_is_named()
    {
        using var folder = new TemporaryFolder();
        for (var i = 0; i < Refused.Length; i++)
        {
            var (family, named) = Refused[i];
            family.Write(folder.File($"{i}.gguf"));
            using var file = GgufFile.Open(folder.File($"{i}.gguf"));

            var refusal = Assert.Throws<ModelImportException>(() => new DecoderWeights(file));

            Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Llama 3's rule by keys gives the divisors that converters write as a tensor.</summary>
    [Fact]
    public void Llama_3s_keys_divide_frequencies_as_its_tensor_does()
    {
        using var folder = new TemporaryFolder();
        (string, object)[] keys =
        [
            ("rope.freq_base", 500_000f), ("rope.scaling.type", "llama3"), ("rope.scaling.factor", 32f),
            ("rope.scaling.low_freq_factor", 1f), ("rope.scaling.high_freq_factor", 4f),
            ("rope.scaling.original_context_length", 8192),
        ];

        var rotation = ReadRotation(folder, new("llama", "llama") { Heads = 1, KeyValueHeads = 1, HeadWidth = 64, Keys = keys });

        for (var i = 0; i < 32; i++)
        {
            // Llama 3.2's configuration, by the formula of its own code.
            var frequency = Math.Pow(500_000, -i / 32.0);
            var length = 2 * Math.PI / frequency;
            var smooth = ((8192 / length) - 1) / 3;
            var between = ((1 - smooth) * frequency / 32) + (smooth * frequency);
            var expected = length < 2048 ? frequency : length > 8192 ? frequency / 32 : between;
            Assert.Equal(expected, rotation.Frequencies[i], 1e-12);
        }
    }

    /// <summary>The factor of YaRN's rotation is 0.1 ln(factor) + 1 unless the file has its own.</summary>
    [Fact]
    public void A_factor_of_YaRN_that_the_file_names_stands_for_the_computed_one()
    {
        using var folder = new TemporaryFolder();
        TinyFamily Yarn(params (string, object)[] keys) => new("qwen2", "qwen2")
        {
            Keys = [("rope.scaling.type", "yarn"), ("rope.scaling.factor", 4f), .. keys],
        };

        Assert.Equal((0.1 * Math.Log(4)) + 1, ReadRotation(folder, Yarn()).Magnitude, 1e-9);
        Assert.Equal(1.5, ReadRotation(folder, Yarn(("rope.scaling.yarn_attn_factor", 1.5f))).Magnitude, 1e-9);
        Assert.Equal(1, ReadRotation(folder, Yarn(("rope.scaling.yarn_log_multiplier", 1f))).Magnitude, 1e-9);
    }

    private static Rotation ReadRotation(TemporaryFolder folder, TinyFamily family)
    {
        var path = folder.File($"{Guid.NewGuid():N}.gguf");
        family.Write(path);
        using var file = GgufFile.Open(path);
        return new DecoderWeights(file).Shape.Layers[0].Rotation!;
    }

    private static TinyFamily Divided(string architecture, (string Name, float[] Numbers) divisors) => new(architecture, architecture)
    {
        PacksGate = architecture == "phi3",
        Divisors = new Dictionary<string, float[]> { [divisors.Name] = divisors.Numbers },
    };
}
