using System.Globalization;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Sessions;

/// <summary>A decoder whose table of tokens is multiplied in several pieces, in the worker's own mapping of its weights.</summary>
public sealed class DecoderSessionTests
{
    private const int Width = 256;

    /// <summary>128 bytes a row: two pieces of 32 MiB at most.</summary>
    private const int Vocabulary = (256 << 10) + 40;

    private static readonly int[] Prompt = [5, Vocabulary - 1, 7, 261_000];

    [Theory]
    [InlineData((int)TensorEncoding.Q4_0)]
    [InlineData((int)TensorEncoding.Q4_1)]
    public void It_has_the_numbers_of_the_plain_pass_and_keeps_no_page_of_what_was_packed(int encodingId)
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("model.gguf"), (TensorEncoding)encodingId);
        using var file = GgufFile.Open(folder.File("model.gguf"));
        var weights = new DecoderWeights(file);
        DecoderGraph.Write(weights, WeightPrecision.AsStored, folder.Path, _ => { });
        var expected = DecoderReference.Logits(weights, Prompt);

        using (var session = new SessionFactory(ExecutionProvider.Cpu).OpenDecoder(folder.File("model.onnx"), mostThreads: 2))
        {
            var mapped = Resident(folder.File("weights.bin"));
            using var run = new DecoderRun(session, 1, weights.Shape.KeyValueHeads, weights.Shape.KernelWidth, Prompt.Length);
            var actual = run.Append(Prompt);

            Assert.Equal(0, mapped);
            Assert.Equal(expected.Length, actual.Length);
            Assert.InRange(expected.Zip(actual, (one, other) => MathF.Abs(one - other)).Max(), 0, 1e-3f);
        }

        Assert.Null(Resident(folder.File("weights.bin"))); // The mapping ended with the session.
    }

    [Fact]
    public void A_file_of_weights_that_was_cut_off_is_refused()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("model.gguf"), TensorEncoding.Q4_0);
        using var file = GgufFile.Open(folder.File("model.gguf"));
        DecoderGraph.Write(new DecoderWeights(file), WeightPrecision.AsStored, folder.Path, _ => { });
        using (var cut = File.OpenWrite(folder.File("weights.bin")))
        {
            cut.SetLength(cut.Length / 2);
        }

        var refusal = Assert.Throws<ModelImportException>(
            () => new SessionFactory(ExecutionProvider.Cpu).OpenDecoder(folder.File("model.onnx"), mostThreads: 2));

        Assert.Contains("'weights.bin' is shorter than the model states", refusal.Message, StringComparison.Ordinal);
    }

    private static void Write(string path, TensorEncoding encoding)
    {
        var random = new Random(5);
        var file = new GgufWriter().Key("general.architecture", "llama");
        foreach (var (key, value) in ((string, object)[])
            [("block_count", 1), ("context_length", 64), ("embedding_length", Width), ("feed_forward_length", Width),
                ("attention.head_count", 4), ("attention.head_count_kv", 2), ("attention.layer_norm_rms_epsilon", 1e-5f),
                ("rope.freq_base", 10_000f), ("rope.dimension_count", Width / 4), ("vocab_size", Vocabulary)])
        {
            file.Key("llama." + key, value);
        }

        Matrix("token_embd", Vocabulary);
        Norm("output_norm");
        foreach (var norm in (string[])["attn_norm", "ffn_norm"])
        {
            Norm($"blk.0.{norm}");
        }

        foreach (var (matrix, rows) in ((string, int)[])
            [("attn_q", Width), ("attn_k", Width / 2), ("attn_v", Width / 2), ("attn_output", Width), ("ffn_gate", Width),
                ("ffn_up", Width), ("ffn_down", Width)])
        {
            Matrix($"blk.0.{matrix}", rows);
        }

        file.Write(path);

        void Norm(string name) => file.Tensor(name + ".weight", Width, rows: null, [.. Enumerable.Repeat(1f, Width)]);

        void Matrix(string name, int rows) => file.Tensor(
            name + ".weight", Width, rows, encoding, RandomBlocks.Draw(encoding, Width * rows, 1 / Math.Sqrt(Width), random));
    }

    /// <summary>Bytes of a file's mappings that are in memory; null where it is not mapped.</summary>
    private static long? Resident(string path)
    {
        var (inside, sum) = (false, (long?)null);
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            inside = char.IsAsciiHexDigitLower(line[0]) ? line.EndsWith(path, StringComparison.Ordinal) : inside;
            if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
            {
                sum = (sum ?? 0) + (long.Parse(line["Rss:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024);
            }
        }

        return sum;
    }
}
