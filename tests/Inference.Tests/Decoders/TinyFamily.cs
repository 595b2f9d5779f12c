using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>A small decoder of an architecture with random weights, written as a GGUF file as converters write it.</summary>
public sealed record TinyFamily(string Name, string Architecture)
{
    /// <summary>Id of the token that ends an answer.</summary>
    public const int End = Vocabulary - 1;

    /// <summary>Not a multiple of what a processor handles at once, as <see cref="FeedForward"/>.</summary>
    public const int Vocabulary = 299;

    /// <summary>Pairs of tokens that become one, as in files of BPE.</summary>
    public static IReadOnlyList<string> Merges { get; } =
    [
        "t h", "h e", "i n", "e r", "a n", "r e", "o n", "a t", "e n", "n d", "t i", "e s", "o r", "t e", "o f", "e d", "i s", "i t", "a l",
        "a r", "s t", "t o", "n t", "n g", "s e", "h a", "a s", "o u", "i o", "l e", "v e", "c o", "m e", "d e", "h i", "r i", "r o", "i c",
        "n e", "e a", "r a", "c e",
    ];

    public int Layers { get; init; } = 2;

    public int Width { get; init; } = 64;

    public int FeedForward { get; init; } = 100;

    public int Heads { get; init; } = 4;

    public int KeyValueHeads { get; init; } = 2;

    public int HeadWidth { get; init; } = 16;

    public int Context { get; init; } = 256;

    /// <summary>Divisors of rotary frequencies: name of a tensor → its numbers.</summary>
    public IReadOnlyDictionary<string, float[]> Divisors { get; init; } = new Dictionary<string, float[]>();

    public bool PacksInputs { get; init; }

    public bool InputBiases { get; init; }

    public bool OtherBiases { get; init; }

    public bool HeadNorms { get; init; }

    public bool PostNorms { get; init; }

    public bool CentredNorms { get; init; }

    public bool Gated { get; init; } = true;

    public bool PacksGate { get; init; }

    public bool LearnedPositions { get; init; }

    public bool OutputMatrix { get; init; }

    /// <summary>Further keys of the architecture, without its name.</summary>
    public IReadOnlyList<(string Key, object Value)> Keys { get; init; } = [];

    /// <summary>Whether llama.cpp computes what this file says.</summary>
    public bool HasOracle { get; init; } = true;

    /// <summary>How it is imported, one of <see cref="ModelPrecisions"/>.</summary>
    public string Precision { get; init; } = ModelPrecisions.Auto;

    /// <summary>How matrices are stored, one after the other; one whose rows are no whole blocks is float32. Empty: all are.</summary>
    internal IReadOnlyList<TensorEncoding> Encodings { get; init; } = [];

    /// <summary>Whether its weights are numbers that F16 and BF16 hold, and those of norms also where they are stored as differences to
    /// 1.</summary>
    public bool HalfNumbers { get; init; }

    public override string ToString() => Name;

    public void Write(string path)
    {
        var file = new GgufWriter();
        file.Key("general.architecture", Architecture);
        file.Key("general.name", "tiny"); // llama.cpp corrects vocabularies of files that are named like some models
        (string Key, object Value)[] keys =
        [
            ("block_count", Layers), ("context_length", Context), ("embedding_length", Width), ("feed_forward_length", FeedForward),
            ("attention.head_count", Heads), ("attention.head_count_kv", KeyValueHeads),
            (CentredNorms ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 1e-5f), .. Keys,
        ];
        foreach (var (key, value) in keys)
        {
            file.Key($"{Architecture}.{key}", value);
        }

        if (HeadWidth != Width / Heads)
        {
            file.Key($"{Architecture}.attention.key_length", HeadWidth);
            file.Key($"{Architecture}.attention.value_length", HeadWidth);
        }

        WriteVocabulary(file);
        var weights = new Weights(file, new Random(Name.Sum(c => c)), CentredNorms, HalfNumbers, Encodings);
        weights.Matrix("token_embd", Width, Vocabulary);
        weights.Norm("output_norm", Width);
        if (OutputMatrix)
        {
            weights.Matrix("output", Width, Vocabulary);
        }

        if (LearnedPositions)
        {
            weights.Matrix("position_embd", Width, Context);
        }

        foreach (var (name, numbers) in Divisors)
        {
            file.Tensor(name, numbers.Length, rows: null, numbers);
        }

        for (var i = 0; i < Layers; i++)
        {
            WriteLayer(weights, $"blk.{i}.");
        }

        file.Write(path);
    }

    private void WriteLayer(Weights weights, string prefix)
    {
        var (query, key) = (Heads * HeadWidth, KeyValueHeads * HeadWidth);
        (string Name, int Rows)[] inputs =
            PacksInputs ? [("attn_qkv", query + (2 * key))] : [("attn_q", query), ("attn_k", key), ("attn_v", key)];
        weights.Norm(prefix + "attn_norm", Width);
        foreach (var (name, rows) in inputs)
        {
            weights.Product(prefix + name, Width, rows, InputBiases);
        }

        weights.Product(prefix + "attn_output", query, Width, OtherBiases);
        weights.Norm(prefix + "ffn_norm", Width);
        if (Gated && !PacksGate)
        {
            weights.Product(prefix + "ffn_gate", Width, FeedForward, OtherBiases);
        }

        weights.Product(prefix + "ffn_up", Width, PacksGate ? 2 * FeedForward : FeedForward, OtherBiases);
        weights.Product(prefix + "ffn_down", FeedForward, Width, OtherBiases);
        if (HeadNorms)
        {
            weights.Norm(prefix + "attn_q_norm", HeadWidth);
            weights.Norm(prefix + "attn_k_norm", HeadWidth);
        }

        if (PostNorms)
        {
            weights.Norm(prefix + "post_attention_norm", Width);
            weights.Norm(prefix + "post_ffw_norm", Width);
        }
    }

    private static void WriteVocabulary(GgufWriter file)
    {
        string[] tokens =
        [
            .. Enumerable.Range(0, 256).Select(value => $"{ByteAlphabet.ToChar((byte)value)}"),
            .. Merges.Select(pair => pair.Replace(" ", "", StringComparison.Ordinal)),
            "<|endoftext|>",
        ];
        Assert.Equal(Vocabulary, tokens.Length);
        file.Key("tokenizer.ggml.model", "gpt2");
        file.Key("tokenizer.ggml.pre", "gpt-2");
        file.Key("tokenizer.ggml.tokens", tokens);
        file.Key("tokenizer.ggml.token_type", tokens.Select((_, id) => id == End ? 3 : 1).ToArray());
        file.Key("tokenizer.ggml.merges", Merges.ToArray());
        file.Key("tokenizer.ggml.eos_token_id", End);
        file.Key("tokenizer.ggml.bos_token_id", End);
        file.Key("tokenizer.ggml.add_bos_token", false);
    }

    /// <summary>Weights of norms about 1, biases about 0, matrices whose products have numbers of about 1.</summary>
    private sealed class Weights(
        GgufWriter file, Random random, bool centred, bool half, IReadOnlyList<TensorEncoding> encodings)
    {
        private int _blocky;

        public void Matrix(string name, int columns, int rows)
        {
            if (encodings.Count > 0 && encodings[_blocky % encodings.Count] is var encoding && columns % encoding.BlockLength() == 0)
            {
                _blocky++;
                file.Tensor(
                    name + ".weight", columns, rows, encoding,
                    RandomBlocks.Draw(encoding, columns * rows, 3.4 / Math.Sqrt(12 * columns), random));
                return;
            }

            file.Tensor(name + ".weight", columns, rows, Draw(columns * rows, middle: 0, 3.4 / Math.Sqrt(columns)));
        }

        public void Product(string name, int columns, int rows, bool hasBias)
        {
            Matrix(name, columns, rows);
            if (hasBias)
            {
                file.Tensor(name + ".bias", rows, rows: null, Draw(rows, middle: 0, 0.6));
            }
        }

        public void Norm(string name, int width)
        {
            file.Tensor(name + ".weight", width, rows: null, Draw(width, middle: 1, 0.6));
            if (centred)
            {
                file.Tensor(name + ".bias", width, rows: null, Draw(width, middle: 0, 0.6));
            }
        }

        private float[] Draw(int count, double middle, double spread) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(middle + ((random.NextDouble() - 0.5) * spread)))
                .Select(number => !half ? number : middle != 0 ? MathF.Round(number * 128) / 128 : ToHalf(number))];

        /// <summary>A number of at most 8 bits that both types hold.</summary>
        private static float ToHalf(float number) =>
            (float)(Half)BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(number) & 0xFFFF0000);
    }
}
