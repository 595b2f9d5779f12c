using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tensors;

/// <summary>Makes the binary form of a tensor's elements from their JSON: a flat list, or lists in lists as the shape states.</summary>
internal static class TensorData
{
    /// <param name="json">A list that was read once, so that it is sound.</param>
    /// <param name="elements">The product of <paramref name="shape"/>.</param>
    /// <param name="param">The member, for an error.</param>
    public static OrRefusal<ArrayBufferWriter<byte>> Parse(
        ReadOnlySpan<byte> json, TensorType type, IReadOnlyList<long> shape, long elements, string param)
    {
        // An element has at least one character and what parts it from the next: a shape alone takes no memory.
        if (elements > json.Length / 2)
        {
            return WrongCount(param, elements, "fewer");
        }

        var content = new ArrayBufferWriter<byte>((int)Math.Max(1, elements * Math.Max(type.Bytes, sizeof(int))));
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
        var lists = new NestedLists(shape);
        var count = 0L;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    lists.Enter();
                    break;
                case JsonTokenType.EndArray:
                    lists.Leave();
                    break;
                case JsonTokenType.StartObject:
                    return OpenAiError.InvalidType($"{param}[{count}]", Expected(type), "an object");
                default:
                    lists.Add();
                    if (++count > elements)
                    {
                        return WrongCount(param, elements, "more");
                    }

                    if (!Write(ref reader, type, content))
                    {
                        return OpenAiError.InvalidValue($"{param}[{count - 1}]", Expected(type), Given(reader));
                    }

                    break;
            }

            if (lists.IsUneven)
            {
                return OpenAiError.InvalidValue(
                    param, $"a flat list, or lists in lists of the lengths of 'shape', [{string.Join(",", shape)}]");
            }
        }

        return count == elements
            ? content : WrongCount(param, elements, count.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Whether the binary form of a tensor has as many elements as its shape states, each a possible one.</summary>
    public static bool IsSound(ReadOnlySpan<byte> content, TensorType type, long elements)
    {
        if (type != TensorType.Text)
        {
            return content.Length == elements * type.Bytes && (type != TensorType.Bool || !content.ContainsAnyExceptInRange<byte>(0, 1));
        }

        for (; elements > 0; elements--)
        {
            if (content.Length < sizeof(int)
                || BinaryPrimitives.ReadUInt32LittleEndian(content) is var length && length > content.Length - sizeof(int))
            {
                return false;
            }

            content = content[(sizeof(int) + (int)length)..];
        }

        return content.IsEmpty;
    }

    private static OpenAiError WrongCount(string param, long elements, string given) =>
        OpenAiError.InvalidValue(param, $"{elements} elements, the product of 'shape'", given);

    private static string Expected(TensorType type) => type == TensorType.Bool ? "true or false"
        : type == TensorType.Text ? "a string"
        : type == TensorType.Fp32 || type == TensorType.Fp64 ? $"a number that {type.Name} holds"
        : $"a whole number that {type.Name} holds";

    private static string Given(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => "a string",
        JsonTokenType.Null => "null",
        _ => OpenAiError.Shorten(Encoding.ASCII.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 200)])),
    };

    /// <summary>Writes the current element. False when it is none of the type.</summary>
    private static bool Write(ref Utf8JsonReader reader, TensorType type, ArrayBufferWriter<byte> content)
    {
        if (type == TensorType.Text)
        {
            return WriteText(ref reader, content);
        }

        if (type == TensorType.Bool)
        {
            content.GetSpan(1)[0] = reader.TokenType == JsonTokenType.True ? (byte)1 : (byte)0;
            content.Advance(1);
            return reader.TokenType is JsonTokenType.True or JsonTokenType.False;
        }

        var isNumber = reader.TokenType == JsonTokenType.Number && WriteNumber(ref reader, type, content.GetSpan(sizeof(long)));
        content.Advance(isNumber ? type.Bytes : 0);
        return isNumber;
    }

    private static bool WriteText(ref Utf8JsonReader reader, ArrayBufferWriter<byte> content)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        var span = content.GetSpan(sizeof(int) + reader.ValueSpan.Length);
        var length = reader.CopyString(span[sizeof(int)..]);
        BinaryPrimitives.WriteInt32LittleEndian(span, length);
        content.Advance(sizeof(int) + length);
        return true;
    }

    private static bool WriteNumber(ref Utf8JsonReader reader, TensorType type, Span<byte> bytes) => type.Name switch
    {
        "INT8" => reader.TryGetSByte(out var value) && Put(bytes, value, 1),
        "INT16" => reader.TryGetInt16(out var value) && Put(bytes, value, 2),
        "INT32" => reader.TryGetInt32(out var value) && Put(bytes, value, 4),
        "INT64" => reader.TryGetInt64(out var value) && Put(bytes, value, 8),
        "UINT8" => reader.TryGetByte(out var value) && Put(bytes, value, 1),
        "UINT16" => reader.TryGetUInt16(out var value) && Put(bytes, value, 2),
        "UINT32" => reader.TryGetUInt32(out var value) && Put(bytes, value, 4),
        "UINT64" => reader.TryGetUInt64(out var value) && Put(bytes, (long)value, 8),
        "FP32" => reader.TryGetSingle(out var value) && float.IsFinite(value) && Put(bytes, BitConverter.SingleToInt32Bits(value), 4),
        "FP64" => reader.TryGetDouble(out var value) && double.IsFinite(value) && Put(bytes, BitConverter.DoubleToInt64Bits(value), 8),
        _ => false,
    };

    private static bool Put(Span<byte> bytes, long value, int length)
    {
        Span<byte> whole = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(whole, value);
        whole[..length].CopyTo(bytes);
        return true;
    }

    /// <summary>Follows lists in lists, and notes where they are not as long as the shape states.</summary>
    private struct NestedLists(IReadOnlyList<long> shape)
    {
        private readonly long[] _lengths = new long[shape.Count + 1];
        private int _depth;
        private bool _isFlat;
        private bool _isNested;

        public bool IsUneven { get; private set; }

        public void Enter()
        {
            if (_depth > 0)
            {
                _lengths[_depth]++;
                _isNested = true;
            }

            _depth++;
            IsUneven |= _depth > Math.Max(1, shape.Count) || (_isNested && _isFlat);
            if (!IsUneven && _depth < _lengths.Length)
            {
                _lengths[_depth] = 0;
            }
        }

        public void Add()
        {
            _isFlat |= _depth == 1 && shape.Count != 1;
            IsUneven |= _isNested && _depth != shape.Count;
            if (_depth < _lengths.Length)
            {
                _lengths[_depth]++;
            }
        }

        public void Leave()
        {
            IsUneven |= _isNested && _lengths[_depth] != shape[_depth - 1];
            _depth--;
        }
    }
}
