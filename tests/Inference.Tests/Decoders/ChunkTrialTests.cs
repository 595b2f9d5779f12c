using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tests.Decoders;

public sealed class ChunkTrialTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(128)]
    public void Run_leaves_out_lengths_whose_last_tile_has_one_token(int headWidth)
    {
        var exact = ChunkTrial.Run(headWidth, TensorElementType.Float, longest: 300, new SessionFactory(ExecutionProvider.Cpu));

        var inexact = Enumerable.Range(2, 299).Except(exact).ToArray();
        Assert.Equal([2, 3], exact.Take(2));
        var tile = inexact.FirstOrDefault(1000) - 1; // as wide as two heads, or less where the processor's cache is small
        Assert.Equal(Enumerable.Range(2, 299).Where(length => length % tile == 1), inexact);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(128)]
    public void Run_finds_one_length_for_wide_heads_whose_numbers_depend_on_the_end_of_the_chunk(int longest) =>
        Assert.Equal([Math.Min(32, longest)], ChunkTrial.Run(
            headWidth: 256, TensorElementType.Float, longest, new SessionFactory(ExecutionProvider.Cpu)));

    [Fact]
    public void Run_keeps_its_answer_for_the_same_heads_and_threads()
    {
        var known = Run(headWidth: 24, TensorElementType.Float, longest: 40, threads: 2);

        Assert.Same(known, Run(headWidth: 24, TensorElementType.Float, longest: 40, threads: 2));
        Assert.NotSame(known, Run(headWidth: 40, TensorElementType.Float, longest: 40, threads: 2));
        Assert.NotSame(known, Run(headWidth: 24, TensorElementType.Float16, longest: 40, threads: 2));
        Assert.NotSame(known, Run(headWidth: 24, TensorElementType.Float, longest: 41, threads: 2));
        Assert.NotSame(known, Run(headWidth: 24, TensorElementType.Float, longest: 40, threads: 1));
    }

    private static IReadOnlyList<int> Run(int headWidth, TensorElementType type, int longest, int threads) =>
        ChunkTrial.Run(headWidth, type, longest, new SessionFactory(ExecutionProvider.Cpu, threads));
}
