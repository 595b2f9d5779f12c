using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tests.Decoders;

public sealed class TogetherTrialTests
{
    private static readonly SessionFactory Sessions = new(ExecutionProvider.Cpu);

    [Theory]
    [InlineData(16, TensorElementType.Float)]
    [InlineData(64, TensorElementType.Float)]
    [InlineData(64, TensorElementType.Float16)]
    [InlineData(128, TensorElementType.Float)]
    public void Run_finds_that_rows_that_are_filled_up_keep_their_numbers(int headWidth, TensorElementType type)
    {
        var lengths = ChunkTrial.Run(headWidth, type, longest: 128, Sessions);

        Assert.True(TogetherTrial.Run(headWidth, type, lengths, Sessions));
        Assert.True(TogetherTrial.Run(headWidth, type, lengths, new SessionFactory(ExecutionProvider.Cpu, threads: 16)));
    }

    [Fact]
    public void Run_refuses_lengths_in_which_numbers_depend_on_where_a_chunk_ends()
    {
        var lengths = ChunkTrial.Run(256, TensorElementType.Float, longest: 128, Sessions);

        Assert.False(TogetherTrial.Run(256, TensorElementType.Float, lengths, Sessions));
    }
}
