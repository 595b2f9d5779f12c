using System.Buffers.Binary;
using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Gateway.Journal;

/// <summary>Writes the payload of a record. Counts are variable-length (7 bits a byte, low first), texts carry their length.</summary>
internal ref struct RecordWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    public void Byte(byte value) => _buffer[_length++] = value;

    public void Guid(Guid value)
    {
        value.TryWriteBytes(_buffer[_length..], bigEndian: true, out var written);
        _length += written;
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer[_length..], value);
        _length += sizeof(long);
    }

    /// <param name="value">Not negative.</param>
    public void Count(long value)
    {
        var left = checked((ulong)value);
        while (left >= 0x80)
        {
            _buffer[_length++] = (byte)(left | 0x80);
            left >>= 7;
        }

        _buffer[_length++] = (byte)left;
    }

    /// <param name="value">At most 512 bytes.</param>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
    }

    /// <summary>Writes the kinds of the first version. <see cref="LaterUnits"/> follows at the end of the record.</summary>
    public void Units(Units units)
    {
        foreach (var kind in UnitKind.All.AsSpan(0, Contracts.Metering.Units.FirstLength))
        {
            Count(kind.Of(units));
        }
    }

    /// <summary>Writes the kinds of later versions, which a record has at its end.</summary>
    public void LaterUnits(Units units)
    {
        foreach (var kind in UnitKind.All.AsSpan(Contracts.Metering.Units.FirstLength..))
        {
            Count(kind.Of(units));
        }
    }

    /// <summary>Writes the kinds of the first version. <see cref="LaterPrices"/> follows at the end of the record.</summary>
    public void Prices(UnitPrices prices)
    {
        foreach (var kind in UnitKind.All.AsSpan(0, Contracts.Metering.Units.FirstLength))
        {
            Count(kind.PriceOf(prices));
        }
    }

    /// <summary>Writes price and bound of each kind of the second version. <see cref="LatestPrices"/> follows at the end of the
    /// record.</summary>
    public void LaterPrices(UnitPrices prices, Units bound) =>
        Prices(UnitKind.All.AsSpan(Contracts.Metering.Units.FirstLength..Contracts.Metering.Units.SecondLength), prices, bound);

    /// <summary>Writes price and bound of each kind of later versions, which a record has at its end.</summary>
    public void LatestPrices(UnitPrices prices, Units bound) =>
        Prices(UnitKind.All.AsSpan(Contracts.Metering.Units.SecondLength..), prices, bound);

    private void Prices(ReadOnlySpan<UnitKind> kinds, UnitPrices prices, Units bound)
    {
        foreach (var kind in kinds)
        {
            Count(kind.PriceOf(prices));
            Count(kind.Of(bound));
        }
    }

    /// <param name="text">At most 512 bytes of UTF-8.</param>
    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > 512)
        {
            throw new ArgumentException("The text is too long for the journal.", nameof(text));
        }

        Count(bytes);
        _length += Encoding.UTF8.GetBytes(text, _buffer[_length..]);
    }
}

/// <summary>Reads what <see cref="RecordWriter"/> wrote, in the same order.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    /// <summary>Whether everything is read: what later versions append is missing from older records.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte Byte()
    {
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public Guid Guid()
    {
        var value = new Guid(_rest[..16], bigEndian: true);
        _rest = _rest[16..];
        return value;
    }

    public long Int64()
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(_rest);
        _rest = _rest[sizeof(long)..];
        return value;
    }

    public long Count()
    {
        var (value, shift) = (0UL, 0);
        byte next;
        do
        {
            next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            shift += 7;
        }
        while (next >= 0x80);
        return (long)value;
    }

    /// <summary>Reads one number for each kind of the first version.</summary>
    public UnitCounts Counts()
    {
        var counts = default(UnitCounts);
        for (var i = 0; i < Contracts.Metering.Units.FirstLength; i++)
        {
            counts[i] = Count();
        }

        return counts;
    }

    /// <summary>Reads the kinds of later versions into <paramref name="counts"/>, as far as the record has them.</summary>
    public void LaterCounts(ref UnitCounts counts)
    {
        for (var i = Contracts.Metering.Units.FirstLength; i < Contracts.Metering.Units.Length && !IsAtEnd; i++)
        {
            counts[i] = Count();
        }
    }

    /// <summary>Reads price and bound of each kind of the second version, as far as the record has them.</summary>
    public void LaterPrices(ref UnitCounts prices, ref UnitCounts bound) =>
        Prices(Contracts.Metering.Units.FirstLength, Contracts.Metering.Units.SecondLength, ref prices, ref bound);

    /// <summary>Reads price and bound of each kind of later versions, as far as the record has them.</summary>
    public void LatestPrices(ref UnitCounts prices, ref UnitCounts bound) =>
        Prices(Contracts.Metering.Units.SecondLength, Contracts.Metering.Units.Length, ref prices, ref bound);

    private void Prices(int from, int to, ref UnitCounts prices, ref UnitCounts bound)
    {
        for (var i = from; i < to && !IsAtEnd; i++)
        {
            prices[i] = Count();
            bound[i] = Count();
        }
    }

    public byte[] Bytes()
    {
        var length = (int)Count();
        var value = _rest[..length].ToArray();
        _rest = _rest[length..];
        return value;
    }

    public string Text()
    {
        var length = (int)Count();
        var text = Encoding.UTF8.GetString(_rest[..length]);
        _rest = _rest[length..];
        return text;
    }
}
