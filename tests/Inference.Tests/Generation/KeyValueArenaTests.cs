using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Memory that rows have given back reads as zeros.</summary>
public sealed class KeyValueArenaTests : IDisposable
{
    private const int Length = 1 << 17; // Tokens of 4 numbers: keys and values of a whole row take 4 MiB.
    private readonly KeyValueArena _arena = new(rows: 4, layers: 1, heads: 1, Length, width: 4, TensorElementType.Float);

    [Fact]
    public void Released_rows_keep_4_MiB_together_until_they_are_trimmed()
    {
        Write(0, Length / 2);
        Write(1, Length / 2);
        Write(2, 1);

        _arena.Release(0);
        _arena.Release(1); // With the first the bound is reached.
        _arena.Release(2);
        Assert.Equal([true, true, false], HaveMemory(3));

        _arena.Trim(firstFree: 1);
        Assert.Equal([true, false, false], HaveMemory(3));
    }

    [Fact]
    public void A_row_in_use_again_counts_no_more()
    {
        Write(0, Length);
        _arena.Release(0);
        Write(0, 1);
        Write(1, Length / 2);

        _arena.Release(1);
        Assert.Equal([true, true], HaveMemory(2));

        _arena.Release(0); // All that it once held.
        Assert.Equal([false, true], HaveMemory(2));
    }

    [Fact]
    public void Pages_of_each_head_count_and_not_tokens()
    {
        using var arena = new KeyValueArena(rows: 3, layers: 128, heads: 2, length: 1024, width: 4, TensorElementType.Float);
        for (var row = 0; row < 3; row++)
        {
            Write(arena, row, 1); // 2 MiB of pages on a system whose pages have 4 KiB, for 4 KiB of numbers.
        }

        for (var row = 0; row < 3; row++)
        {
            arena.Release(row);
        }

        var kept = Enumerable.Range(0, 3).Count(row => First(arena, row) > 0);
        Assert.Equal((int)Math.Min(3, (4L << 20) / (512L * Environment.SystemPageSize)), kept);
    }

    public void Dispose() => _arena.Dispose();

    private static void Write(KeyValueArena arena, int row, int tokens)
    {
        arena.Touch(row, tokens);
        using var keys = arena.View(0, row, 1);
        keys.GetTensorMutableDataAsSpan<float>()[..(tokens * 4)].Fill(1 + row);
    }

    private static float First(KeyValueArena arena, int row)
    {
        using var keys = arena.View(0, row, 1);
        return keys.GetTensorDataAsSpan<float>()[0];
    }

    private void Write(int row, int tokens) => Write(_arena, row, tokens);

    private bool[] HaveMemory(int rows) => [.. Enumerable.Range(0, rows).Select(row => First(_arena, row) > 0)];
}
