namespace Tollgate.Inference.Onnx;

/// <summary>A tensor of 8-bit numbers.</summary>
internal readonly ref struct ByteTensor(List<long> shape, bool signed, ReadOnlySpan<byte> data)
{
    private const int Uint8 = 2;
    private const int Int8 = 3;

    private readonly ReadOnlySpan<byte> _data = data;

    public static bool TryRead(ReadOnlySpan<byte> message, out ByteTensor tensor)
    {
        var (shape, type) = (new List<long>(), 0);
        ReadOnlySpan<byte> data = default;
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1 when fields.IsNumber:
                    shape.Add((long)fields.Number);
                    break;
                case 1:
                    shape.AddRange(Array.ConvertAll(Unpack(fields.Bytes), number => (long)number));
                    break;
                case 2:
                    type = (int)fields.Number;
                    break;
                case 5 when fields.IsNumber:
                    data = new byte[] { (byte)fields.Number };
                    break;
                case 5:
                    data = Array.ConvertAll(Unpack(fields.Bytes), number => (byte)number);
                    break;
                case 9:
                    data = fields.Bytes;
                    break;
            }
        }

        tensor = new ByteTensor(shape, type == Int8, data);
        return type is Uint8 or Int8;
    }

    public int[] ToNumbers()
    {
        var numbers = new int[_data.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Number(i);
        }

        return numbers;
    }

    /// <summary>Null for another shape than two dimensions of so many numbers.</summary>
    public int[]? SumColumns(int[] zeroPoints)
    {
        if (shape is not [var rows, var columns] || rows * columns != _data.Length
            || (zeroPoints.Length != 1 && zeroPoints.Length != columns))
        {
            return null;
        }

        var sums = new int[columns];
        for (var i = 0; i < _data.Length; i++)
        {
            sums[i % sums.Length] += Number(i);
        }

        for (var column = 0; column < sums.Length; column++)
        {
            sums[column] -= (int)rows * zeroPoints[zeroPoints.Length == 1 ? 0 : column];
        }

        return sums;
    }

    private int Number(int index) => signed ? (sbyte)_data[index] : _data[index];

    private static ulong[] Unpack(ReadOnlySpan<byte> packed)
    {
        var numbers = new List<ulong>();
        while (!packed.IsEmpty)
        {
            var length = 1;
            while (length < packed.Length && packed[length - 1] >= 128)
            {
                length++;
            }

            numbers.Add(ProtoReader.FirstNumber(packed));
            packed = packed[length..];
        }

        return [.. numbers];
    }
}
