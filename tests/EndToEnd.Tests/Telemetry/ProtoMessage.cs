using Google.Protobuf;

namespace Tollgate.EndToEnd.Tests.Telemetry;

/// <summary>A message of Protocol Buffers whose fields are read by their numbers.</summary>
internal sealed class ProtoMessage
{
    private readonly ILookup<int, object> _fields;

    private ProtoMessage(IEnumerable<(int Number, object Value)> fields) =>
        _fields = fields.ToLookup(field => field.Number, field => field.Value);

    /// <exception cref="InvalidProtocolBufferException">The bytes are no message.</exception>
    public static ProtoMessage Parse(byte[] bytes)
    {
        var fields = new List<(int, object)>();
        using var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => (ulong)input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                var other => throw new InvalidDataException($"Wire type {other} is none of OTLP's."),
            };
            fields.Add((WireFormat.GetTagFieldNumber(tag), value));
        }

        return new ProtoMessage(fields);
    }

    /// <summary>The messages of a repeated or single field.</summary>
    public IEnumerable<ProtoMessage> Messages(int field) => _fields[field].Cast<byte[]>().Select(Parse);

    /// <summary>A text; empty when the field is absent.</summary>
    public string Text(int field) => System.Text.Encoding.UTF8.GetString(Bytes(field));

    /// <summary>Bytes as lower-case hex; empty when the field is absent.</summary>
    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    /// <summary>A number; 0 when the field is absent.</summary>
    public ulong Number(int field) => _fields[field].Cast<ulong>().SingleOrDefault();

    public bool Has(int field) => _fields.Contains(field);

    private byte[] Bytes(int field) => _fields[field].Cast<byte[]>().SingleOrDefault() ?? [];
}
