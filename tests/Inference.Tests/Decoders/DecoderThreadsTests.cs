using System.Numerics.Tensors;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>Machines with more processors than a model has heads.</summary>
public sealed class DecoderThreadsTests
{
    private const int Past = 900;
    private const int Chunk = 60;

    /// <summary>So many that each thread has a head of its own.</summary>
    private const int Rows = 10;

    [Fact]
    public async Task A_row_alone_and_several_have_the_same_bits_with_more_threads_than_heads()
    {
        using var folder = new TemporaryFolder();
        var family = new TinyFamily("llama", "llama") { Width = 128, Heads = 2, KeyValueHeads = 1, HeadWidth = 64, Context = 1024 };
        family.Write(folder.File("tiny.gguf"));
        var installed = await ModelImport.RunAsync(
            folder.File("tiny.gguf"), "tiny", folder.File("models"), new(), null, CancellationToken.None);
        using var model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu, threads: 16), TimeProvider.System, CancellationToken.None);
        using var batch = new DecoderSteps(model.Session, model.Shape, Rows, 1024, Chunk);
        using var alone = new DecoderSteps(model.Session, model.Shape, 1, 1024, Chunk);
        for (var row = 0; row < Rows; row++)
        {
            Read(batch, row, row);
        }

        batch.Decode([.. Enumerable.Range(7, Rows)], [.. Enumerable.Repeat(Past, Rows)]);

        for (var row = 0; row < Rows; row++)
        {
            Read(alone, 0, row);
            alone.Decode([7 + row], [Past]);
            Assert.Equal(0, TensorPrimitives.Distance(batch.Logits(row), alone.Logits(0)));
        }
    }

    /// <summary>Feeds a prompt of its own.</summary>
    private static void Read(DecoderSteps steps, int row, int seed)
    {
        int[] prompt = [.. Enumerable.Range(0, Past).Select(i => ((i * 67) + 5 + seed) % (TinyFamily.Vocabulary - 1))];
        for (var past = 0; past < Past; past += Chunk)
        {
            steps.Extend(row, prompt.AsSpan(past, Chunk), past);
        }
    }
}
