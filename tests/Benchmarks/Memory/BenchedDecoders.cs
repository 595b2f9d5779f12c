using System.Runtime.InteropServices;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Benchmarks.Memory;

/// <summary>The files whose memory is measured.</summary>
internal static class BenchedDecoders
{
    private const int Block = 32;

    /// <summary>Writes a copy of a GGUF file.</summary>
    /// <param name="encoding">Of its matrices: F32 or Q8_0. Those whose rows are no whole blocks become F32.</param>
    public static void Write(string from, string to, TensorEncoding encoding)
    {
        using var source = GgufFile.Open(from);
        var file = new GgufWriter();
        foreach (var (key, value) in source.Metadata.Values)
        {
            file.Key(key, value switch
            {
                long whole => (int)whole,
                double real => (float)real,
                long[] wholes => Array.ConvertAll(wholes, whole => (int)whole),
                double[] reals => Array.ConvertAll(reals, real => (float)real),
                _ => value,
            });
        }

        foreach (var tensor in source.Tensors.Values)
        {
            if (tensor.Rows == 1)
            {
                file.Tensor(tensor.Name, tensor.Columns, rows: null, source.Read(tensor));
            }
            else if (encoding == TensorEncoding.F32 || tensor.Columns % Block != 0)
            {
                file.Tensor(
                    tensor.Name, tensor.Columns, tensor.Rows, TensorEncoding.F32,
                    () => MemoryMarshal.AsBytes<float>(source.Read(tensor)).ToArray());
            }
            else
            {
                file.Tensor(tensor.Name, tensor.Columns, tensor.Rows, TensorEncoding.Q8_0, () => Round(source.Read(tensor)));
            }
        }

        file.Write(to);
    }

    /// <summary>Writes random weights in Q4_0 of the shape of Llama 3 8B: 8,030,261,248 numbers in 4.5 GB.</summary>
    public static void WriteLarge(string to)
    {
        const int Layers = 32;
        const int Width = 4096;
        const int KeyWidth = 1024;
        const int FeedForward = 14_336;
        const int Vocabulary = 128_256;
        var random = new Random(8);
        var file = new GgufWriter();
        foreach (var (key, value) in ((string, object)[])
            [("block_count", Layers), ("context_length", 8192), ("embedding_length", Width), ("feed_forward_length", FeedForward),
                ("attention.head_count", 32), ("attention.head_count_kv", 8), ("attention.layer_norm_rms_epsilon", 1e-5f),
                ("rope.freq_base", 500_000f), ("rope.dimension_count", 128), ("vocab_size", Vocabulary)])
        {
            file.Key("llama." + key, value);
        }

        file.Key("general.architecture", "llama").Key("general.name", "random");
        WriteVocabulary(file, Vocabulary);
        Matrix("token_embd", Width, Vocabulary);
        Matrix("output", Width, Vocabulary);
        Norm("output_norm");
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"blk.{layer}.";
            Norm(prefix + "attn_norm");
            Matrix(prefix + "attn_q", Width, Width);
            Matrix(prefix + "attn_k", Width, KeyWidth);
            Matrix(prefix + "attn_v", Width, KeyWidth);
            Matrix(prefix + "attn_output", Width, Width);
            Norm(prefix + "ffn_norm");
            Matrix(prefix + "ffn_gate", Width, FeedForward);
            Matrix(prefix + "ffn_up", Width, FeedForward);
            Matrix(prefix + "ffn_down", FeedForward, Width);
        }

        file.Write(to);

        void Norm(string name) =>
            file.Tensor(name + ".weight", Width, rows: null, [.. Enumerable.Range(0, Width).Select(_ => 1 + (random.NextSingle() / 4))]);

        void Matrix(string name, int columns, int rows) => file.Tensor(
            name + ".weight", columns, rows, TensorEncoding.Q4_0,
            () => RandomBlocks.Draw(TensorEncoding.Q4_0, columns * rows, 1 / Math.Sqrt(columns), random));
    }

    private static void WriteVocabulary(GgufWriter file, int count)
    {
        string[] tokens = [.. Enumerable.Range(0, count).Select(
            id => id < 256 ? ByteAlphabet.ToChar((byte)id).ToString() : id == 256 ? "th" : id == count - 1 ? "<|end|>" : $"word{id}")];
        file.Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.pre", "gpt-2").Key("tokenizer.ggml.tokens", tokens)
            .Key("tokenizer.ggml.token_type", tokens.Select((_, id) => id == count - 1 ? 3 : 1).ToArray())
            .Key("tokenizer.ggml.merges", new[] { "t h" }).Key("tokenizer.ggml.eos_token_id", count - 1)
            .Key("tokenizer.ggml.add_bos_token", false);
    }

    private static byte[] Round(float[] numbers)
    {
        var bytes = new byte[TensorEncoding.Q8_0.BytesFor(numbers.Length)];
        for (var block = 0; block < numbers.Length / Block; block++)
        {
            var source = numbers.AsSpan(block * Block, Block);
            var scale = (Half)(Math.Abs(System.Numerics.Tensors.TensorPrimitives.MaxMagnitude<float>(source)) / 127);
            var target = bytes.AsSpan(block * (Block + 2));
            MemoryMarshal.Write(target, scale);
            for (var i = 0; i < Block; i++)
            {
                var rounded = scale == (Half)0 ? 0 : MathF.Round(source[i] / (float)scale);
                target[i + 2] = (byte)(sbyte)Math.Clamp(rounded, -127, 127);
            }
        }

        return bytes;
    }
}
