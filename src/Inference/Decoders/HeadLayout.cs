namespace Tollgate.Inference.Decoders;

/// <summary>
/// Orders the numbers of heads as the attention kernel takes them: first what rotates, whose halves are paired and filled with zeros to a
/// width that the kernel rotates; then the rest; then zeros up to the kernel's width.
/// </summary>
internal sealed class HeadLayout(DecoderShape shape)
{
    private readonly int _head = shape.HeadWidth;
    private readonly int _kernel = shape.KernelWidth;
    private readonly int _rotary = shape.KernelRotaryWidth;

    /// <summary>For each number of the kernel's heads the number of the file's; −1 for a zero. Null where they are the same.</summary>
    /// <param name="count">Numbers of the file's heads.</param>
    /// <param name="rotation">How the heads turn; null where they do not.</param>
    public int[]? Order(int count, Rotation? rotation)
    {
        if (_head == _kernel && (rotation is null || shape.Family.Positions != PositionForm.RotatedNeighbours))
        {
            return null;
        }

        var order = new int[count / _head * _kernel];
        Array.Fill(order, -1);
        for (var i = 0; i < count; i++)
        {
            order[(i / _head * _kernel) + (rotation is null ? i % _head : Place(i % _head, rotation.Width))] = i;
        }

        return order;
    }

    /// <summary>Orders numbers, one for each number of the heads.</summary>
    /// <param name="rotation">As for <see cref="Order"/>.</param>
    public float[] Arrange(float[] numbers, Rotation? rotation) =>
        Order(numbers.Length, rotation) is { } order ? [.. order.Select(i => i < 0 ? 0 : numbers[i])] : numbers;

    /// <summary>Orders the factors of a norm over each head. With zeros in the head the mean of squares is smaller than it is over the
    /// head's own width; the factors and <see cref="NormEpsilon"/> make up for it.</summary>
    public float[] ArrangeNorm(float[] factors, Rotation? rotation)
    {
        var scale = MathF.Sqrt((float)_head / _kernel);
        return [.. Arrange(factors, rotation).Select(factor => factor * scale)];
    }

    /// <summary>The epsilon of a norm over each head of the kernel's width.</summary>
    public float NormEpsilon => shape.NormEpsilon * _head / _kernel;

    private int Place(int within, int rotated)
    {
        if (within >= rotated)
        {
            return within - rotated + _rotary;
        }

        var (pair, half) = shape.Family.Positions == PositionForm.RotatedNeighbours
            ? (within / 2, within % 2) : (within % (rotated / 2), within / (rotated / 2));
        return pair + (half * _rotary / 2);
    }
}
