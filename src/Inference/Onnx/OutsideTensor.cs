using System.Globalization;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>A constant of a graph that an import wrote, whose numbers lie in a file beside the graph.</summary>
/// <param name="File">Name of that file.</param>
/// <param name="Start">Byte position in it.</param>
internal sealed record OutsideTensor(string Name, TensorElementType Type, long[] Shape, string File, long Start, long Bytes)
{
    /// <summary>The constants of a model that lie outside, but for those in bodies of its operators.</summary>
    /// <exception cref="ModelImportException">The model is damaged.</exception>
    public static IReadOnlyList<OutsideTensor> ReadAll(ReadOnlySpan<byte> model)
    {
        var found = new List<OutsideTensor>();
        var fields = new ProtoReader(ProtoReader.Find(model, 7));
        while (OnnxFields.Graph.Next(ref fields))
        {
            if (fields.Field == 5 && TensorHead.Read(fields.Bytes) is { Outside: { } place } head)
            {
                found.Add(new OutsideTensor(
                    head.Name, (TensorElementType)head.Type, head.Shape, place["location"], Number(place["offset"]),
                    Number(place["length"])));
            }
        }

        return found;

        static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
