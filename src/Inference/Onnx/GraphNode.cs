using System.Text;

namespace Tollgate.Inference.Onnx;

/// <summary>Operator, inputs and outputs of a node.</summary>
internal sealed record GraphNode(string Operator, string[] Inputs, string[] Outputs)
{
    public static GraphNode Read(ReadOnlySpan<byte> node)
    {
        var (inputs, outputs, type) = (new List<string>(), new List<string>(), "");
        var fields = new ProtoReader(node);
        while (fields.Next())
        {
            var text = fields.Field is 1 or 2 or 4 ? Encoding.UTF8.GetString(fields.Bytes) : "";
            switch (fields.Field)
            {
                case 1:
                    inputs.Add(text);
                    break;
                case 2:
                    outputs.Add(text);
                    break;
                case 4:
                    type = text;
                    break;
            }
        }

        return new GraphNode(type, [.. inputs], [.. outputs]);
    }
}
