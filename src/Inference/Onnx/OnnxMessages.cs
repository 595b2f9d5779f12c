using System.Globalization;

namespace Tollgate.Inference.Onnx;

/// <summary>Makes the messages that an ONNX graph consists of. Field numbers are those of onnx.proto3.</summary>
internal static class OnnxMessages
{
    /// <summary>A TensorProto that lacks its numbers.</summary>
    public static ProtoWriter Tensor(string name, int type, ReadOnlySpan<long> shape)
    {
        var tensor = new ProtoWriter();
        foreach (var dimension in shape)
        {
            tensor.Number(1, dimension);
        }

        tensor.Number(2, type);
        tensor.Text(8, name);
        return tensor;
    }

    /// <summary>A ValueInfoProto without type and shape.</summary>
    public static ProtoWriter Named(string name)
    {
        var value = new ProtoWriter();
        value.Text(1, name);
        return value;
    }

    /// <summary>A StringStringEntryProto.</summary>
    public static ProtoWriter Entry(string key, string value)
    {
        var entry = new ProtoWriter();
        entry.Text(1, key);
        entry.Text(2, value);
        return entry;
    }

    /// <summary>An OperatorSetIdProto.</summary>
    public static ProtoWriter OperatorSet(string domain, long version)
    {
        var set = new ProtoWriter();
        set.Text(1, domain);
        set.Number(2, version);
        return set;
    }

    /// <summary>An AttributeProto. A <see cref="ProtoWriter"/> is a GraphProto.</summary>
    public static ProtoWriter Attribute(string name, object value)
    {
        var attribute = new ProtoWriter();
        attribute.Text(1, name);
        switch (value)
        {
            case float real:
                attribute.Real(2, real);
                attribute.Number(20, 1);
                break;
            case int whole:
                attribute.Number(3, whole);
                attribute.Number(20, 2);
                break;
            case string text:
                attribute.Text(4, text);
                attribute.Number(20, 3);
                break;
            case long whole:
                attribute.Number(3, whole);
                attribute.Number(20, 2);
                break;
            case OnnxTensor tensor:
                var message = Tensor("", (int)tensor.Type, tensor.Shape);
                message.Bytes(9, tensor.Data.Span);
                attribute.Message(5, message);
                attribute.Number(20, 4);
                break;
            case ProtoWriter graph:
                attribute.Message(6, graph);
                attribute.Number(20, 5);
                break;
            case float[] reals:
                foreach (var real in reals)
                {
                    attribute.Real(7, real);
                }

                attribute.Number(20, 6);
                break;
            case long[] numbers:
                foreach (var number in numbers)
                {
                    attribute.Number(8, number);
                }

                attribute.Number(20, 7);
                break;
            case string[] texts:
                foreach (var text in texts)
                {
                    attribute.Text(9, text);
                }

                attribute.Number(20, 8);
                break;
            default:
                throw new ArgumentException($"Attributes of type {value.GetType().Name} are not written.", nameof(value));
        }

        return attribute;
    }

    /// <summary>A ValueInfoProto of a tensor; a string in the shape is a free dimension.</summary>
    public static ProtoWriter ValueInfo(string name, int type, ReadOnlySpan<object> shape)
    {
        var dimensions = new ProtoWriter();
        foreach (var size in shape)
        {
            var dimension = new ProtoWriter();
            if (size is string free)
            {
                dimension.Text(2, free);
            }
            else
            {
                dimension.Number(1, Convert.ToInt64(size, CultureInfo.InvariantCulture));
            }

            dimensions.Message(1, dimension);
        }

        var tensor = new ProtoWriter();
        tensor.Number(1, type);
        tensor.Message(2, dimensions);
        var typed = new ProtoWriter();
        typed.Message(1, tensor);
        var value = new ProtoWriter();
        value.Text(1, name);
        value.Message(2, typed);
        return value;
    }
}
