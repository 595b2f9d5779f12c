using System.Text;

namespace Tollgate.Inference.Onnx;

/// <summary>Σ (w − v) of each column of the weights that <c>MatMulInteger</c> reads.</summary>
internal sealed class WeightSums
{
    private readonly Dictionary<string, string> _zeroPoints = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int[]> _sums = new(StringComparer.Ordinal);

    public bool IsEmpty => _zeroPoints.Count == 0;

    public int[]? Find(string weights) => _sums.GetValueOrDefault(weights);

    /// <summary>Notes the weights of a graph's nodes.</summary>
    public void ReadNames(ReadOnlySpan<byte> graph)
    {
        var fields = new ProtoReader(graph);
        while (fields.Next())
        {
            if (fields.Field == 1 && GraphNode.Read(fields.Bytes) is { Operator: "MatMulInteger", Inputs: [_, var right, ..] } node)
            {
                _zeroPoints[right] = node.Inputs.ElementAtOrDefault(3) ?? "";
            }
        }
    }

    /// <summary>Reads the weights among the initializers of the outer graph. False where one is missing or stored in another way.
    /// </summary>
    public bool TryRead(ReadOnlySpan<byte> model)
    {
        var zeroPoints = new Dictionary<string, int[]>(StringComparer.Ordinal) { [""] = [0] };
        var names = _zeroPoints.Values.ToHashSet(StringComparer.Ordinal);
        var graph = ProtoReader.Find(model, 7);
        var fields = new ProtoReader(graph);
        while (fields.Next())
        {
            if (fields.Field == 5 && ReadName(fields.Bytes) is var name && names.Contains(name)
                && ByteTensor.TryRead(fields.Bytes, out var zero))
            {
                zeroPoints[name] = zero.ToNumbers();
            }
        }

        fields = new ProtoReader(graph);
        while (fields.Next())
        {
            if (fields.Field == 5 && ReadName(fields.Bytes) is var name && _zeroPoints.TryGetValue(name, out var zeroName)
                && zeroPoints.TryGetValue(zeroName, out var zeros) && ByteTensor.TryRead(fields.Bytes, out var tensor)
                && tensor.SumColumns(zeros) is { } sums)
            {
                _sums[name] = sums;
            }
        }

        return _sums.Count == _zeroPoints.Count;
    }

    private static string ReadName(ReadOnlySpan<byte> tensor) => Encoding.UTF8.GetString(ProtoReader.Find(tensor, 8));
}
