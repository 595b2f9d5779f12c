namespace Tollgate.Inference.TensorFlowJs;

/// <summary>What the numbers of a tensor are.</summary>
internal enum TensorKind
{
    Float,

    /// <summary>TF.js has 32 bits, the graph that is written 64: what ONNX's shapes and indices have.</summary>
    Integer,

    Boolean,
}

/// <summary>A constant of a graph.</summary>
/// <param name="Floats">The numbers of <see cref="TensorKind.Float"/>; else empty.</param>
/// <param name="Integers">The numbers of the other kinds, 0 and 1 for truth; else empty.</param>
internal sealed record GraphTensor(TensorKind Kind, int[] Shape, float[] Floats, long[] Integers)
{
    public int Length => Kind == TensorKind.Float ? Floats.Length : Integers.Length;

    public long[] Sizes => Array.ConvertAll(Shape, size => (long)size);

    /// <summary>The same numbers in another shape of as many elements.</summary>
    public GraphTensor Reshape(params int[] shape) => this with { Shape = shape };

    /// <summary>The same tensor with its dimensions in another order.</summary>
    /// <param name="order">For each new dimension the old one.</param>
    public GraphTensor Permute(params int[] order)
    {
        var strides = new int[Shape.Length];
        for (var (i, stride) = (Shape.Length - 1, 1); i >= 0; stride *= Shape[i--])
        {
            strides[i] = stride;
        }

        var shape = Array.ConvertAll(order, dimension => Shape[dimension]);
        var steps = Array.ConvertAll(order, dimension => strides[dimension]);
        return new GraphTensor(Kind, shape, Permute(Floats, shape, steps), Permute(Integers, shape, steps));
    }

    private static T[] Permute<T>(T[] source, int[] shape, int[] steps)
    {
        var result = new T[source.Length];
        var at = new int[shape.Length];
        for (var (i, from) = (0, 0); i < result.Length; i++)
        {
            result[i] = source[from];
            for (var dimension = shape.Length - 1; dimension >= 0; dimension--)
            {
                from += steps[dimension];
                if (++at[dimension] < shape[dimension])
                {
                    break;
                }

                from -= at[dimension] * steps[dimension];
                at[dimension] = 0;
            }
        }

        return result;
    }
}
