using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tests.Generation;

public sealed class DecoderEnginesTests(TinyDecoder decoder) : IClassFixture<TinyDecoder>
{
    private static readonly ModelDecoder Size = new(Layers: 30, KeyValueHeads: 3, HeadWidth: 64, Vocabulary: 100);

    [Theory]
    [InlineData(41, 8192, 4546)] // 4,096 MiB / 41 rows / 23,040 bytes a token
    [InlineData(41, 2048, 2048)]
    [InlineData(1, 8192, 8192)]
    public void Rows_of_a_device_share_its_budget_in_equal_parts(int rows, int context, int expected) =>
        Assert.Equal(expected, DecoderEngines.FitLength(new GenerationOptions(), Size, rows, context));

    [Fact]
    public void A_budget_that_holds_no_rows_is_named()
    {
        var failure = Assert.Throws<InvalidOperationException>(
            () => DecoderEngines.FitLength(new GenerationOptions { KeyValueMemoryMb = 1 }, Size, rows: 41, length: 100));

        Assert.Contains("Generation:KeyValueMemoryMb is 1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_length_of_a_chunk_will_do_on_CUDA() => Assert.Equal(
        Enumerable.Range(2, 31),
        ChunkTrial.Run(64, TensorElementType.Float16, longest: 32, new SessionFactory(new ExecutionProvider("cuda", "test"))));

    [Fact]
    public async Task Answers_over_the_memory_of_a_device_are_those_over_the_memory_of_the_host()
    {
        await using var host = decoder.Start();
        await using var device = new DecoderScheduler(TinyDecoder.Scope(decoder.Model, null, null, null) with
        {
            Open = static (scope, rows, length) => new DeviceSteps(
                scope.Session, scope.Size, new DeviceMemory(scope.Session, ExecutionProvider.Cpu), captures: false, rows, length,
                scope.Options.MaxChunk),
        });
        string[] questions = ["What is the capital of France?", "What is 7 + 5?", "Tell me a story about a fox."];

        var expected = await Task.WhenAll(questions.Select(question => TinyDecoder.RunAsync(host, decoder.Ask(question, choices: 2))));
        var actual = await Task.WhenAll(questions.Select(question => TinyDecoder.RunAsync(device, decoder.Ask(question, choices: 2))));

        Assert.Equal(expected, actual);
        Assert.All(expected, answers => Assert.NotEqual("", answers[0]));
    }
}
