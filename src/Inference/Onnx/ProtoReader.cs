using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>Goes through the fields of one protobuf message.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    private int _wireType;

    public int Field { get; private set; }

    /// <summary>Whether the field holds one whole number.</summary>
    public readonly bool IsNumber => _wireType == 0;

    /// <summary>Whether the field holds text, bytes, a message or packed numbers.</summary>
    public readonly bool HasLength => _wireType == 2;

    /// <summary>The value of a field of numbers.</summary>
    public ulong Number { get; private set; }

    /// <summary>The value of a field with a length: text, bytes, a message; or the 4 or 8 bytes of a real. Empty for whole
    /// numbers.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The first number of a packed field.</summary>
    public static ulong FirstNumber(ReadOnlySpan<byte> packed) => Varint(ref packed);

    /// <summary>The first value of a field with a length; empty where there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int field)
    {
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            if (fields.Field == field)
            {
                return fields.Bytes;
            }
        }

        return default;
    }

    /// <exception cref="ModelImportException">The bytes are not protobuf.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint(ref _rest);
        if (tag > uint.MaxValue)
        {
            throw Damaged();
        }

        Field = (int)(tag >> 3);
        _wireType = (int)(tag & 7);
        Bytes = default;
        Number = 0;
        switch (_wireType)
        {
            case 0:
                Number = Varint(ref _rest);
                break;
            case 1:
                Bytes = Take(8);
                break;
            case 2:
                Bytes = Take(Varint(ref _rest));
                break;
            case 5:
                Bytes = Take(4);
                break;
            default:
                throw Damaged();
        }

        return true;
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
        {
            throw Damaged();
        }

        var bytes = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return bytes;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> rest)
    {
        ulong value = 0;
        for (var i = 0; i < 10 && i < rest.Length; i++)
        {
            value |= (ulong)(rest[i] & 127) << (7 * i);
            if (rest[i] < 128)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }

        throw Damaged();
    }

    private static ModelImportException Damaged() => new("The file is not an ONNX model, or it is cut off.");
}
