using System.Buffers;
using System.Buffers.Binary;
using Tollgate.Contracts.Tensors;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>Puts the rows of several requests into one run, and takes its outputs apart again. A row is what a first index chooses.
/// </summary>
internal static class TensorRows
{
    /// <param name="batch">Requests of one kind.</param>
    public static IReadOnlyList<InferTensor> Join(IReadOnlyList<TensorWork> batch) =>
        [.. batch[0].Inputs.Select(first => Join([.. batch.Select(work => work.Inputs.First(input => input.Name == first.Name))]))];

    /// <summary>The outputs of each request; null where an output has not one row for each of the inputs.</summary>
    /// <param name="rows">Of each request.</param>
    public static IReadOnlyList<IReadOnlyList<TensorOutput>>? Split(IReadOnlyList<TensorOutput> outputs, IReadOnlyList<long> rows)
    {
        var total = rows.Sum();
        if (outputs.Any(output => output.Shape.Count == 0 || output.Shape[0] != total))
        {
            return null;
        }

        var parts = rows.Select(_ => new List<TensorOutput>(outputs.Count)).ToArray();
        foreach (var output in outputs)
        {
            var (rest, elementsOfRow) = (output.Content, output.Elements / total);
            for (var i = 0; i < parts.Length; i++)
            {
                var length = LengthOf(rest.Span, output.Type, elementsOfRow * rows[i]);
                parts[i].Add(output with { Shape = [rows[i], .. output.Shape.Skip(1)], Content = rest[..length] });
                rest = rest[length..];
            }
        }

        return parts;
    }

    private static InferTensor Join(IReadOnlyList<InferTensor> tensors)
    {
        var content = new ArrayBufferWriter<byte>(Math.Max(1, tensors.Sum(tensor => tensor.Content.Length)));
        foreach (var tensor in tensors)
        {
            content.Write(tensor.Content.Span);
        }

        return tensors[0] with
        {
            Shape = [tensors.Sum(tensor => tensor.Shape[0]), .. tensors[0].Shape.Skip(1)], Content = content.WrittenMemory,
        };
    }

    /// <summary>Bytes of so many elements.</summary>
    private static int LengthOf(ReadOnlySpan<byte> content, TensorType type, long elements)
    {
        if (type != TensorType.Text)
        {
            return checked((int)(elements * type.Bytes));
        }

        var length = 0;
        for (; elements > 0; elements--)
        {
            length += sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(content[length..]);
        }

        return length;
    }
}
