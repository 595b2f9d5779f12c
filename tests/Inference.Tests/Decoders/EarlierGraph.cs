using System.Text;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>A decoder's graph as it was before it had the input of positions: it takes the last position of each row by itself.</summary>
internal static class EarlierGraph
{
    public static byte[] Of(byte[] model)
    {
        var changed = new ProtoWriter();
        Copy(model, changed, field: 7, graph => // ModelProto.graph
        {
            var without = Copy(graph, new ProtoWriter(), field: 11, input => // GraphProto.input
                Encoding.UTF8.GetString(ProtoReader.Find(input, 1)) == TakenPositions.Name ? null : input);
            return [.. without.Written.Span, .. LastPositions()];
        });
        return changed.Written.ToArray();
    }

    /// <summary>Nodes that compute the positions, as fields of a graph: row × S + S − 1.</summary>
    private static byte[] LastPositions()
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        while (graph.NewName() != "v100000")
        {
            // Names of nodes that the model does not have.
        }

        graph.Initializer("earlier.zero", [0L]);
        graph.Initializer("earlier.one", [1L]);
        graph.Node("Shape", domain: "", ["input_ids"], ["earlier.shape"]);
        graph.Node("Gather", domain: "", ["earlier.shape", "earlier.zero"], ["earlier.rows"]);
        graph.Node("Gather", domain: "", ["earlier.shape", "earlier.one"], ["earlier.new"]);
        graph.Node("Range", domain: "", ["earlier.one", "earlier.after", "earlier.one"], ["earlier.numbers"]);
        graph.Node("Add", domain: "", ["earlier.rows", "earlier.one"], ["earlier.after"]);
        graph.Node("Mul", domain: "", ["earlier.numbers", "earlier.new"], ["earlier.ends"]);
        graph.Node("Sub", domain: "", ["earlier.ends", "earlier.one"], [TakenPositions.Name]);
        return ProtoReader.Find(graph.ToModel().Span, 7).ToArray();
    }

    private static ProtoWriter Copy(ReadOnlySpan<byte> message, ProtoWriter into, int field, Func<byte[], byte[]?> change)
    {
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            if (fields.IsNumber)
            {
                into.Number(fields.Field, (long)fields.Number);
            }
            else if ((fields.Field == field ? change(fields.Bytes.ToArray()) : fields.Bytes.ToArray()) is { } bytes)
            {
                into.Bytes(fields.Field, bytes);
            }
        }

        return into;
    }
}
