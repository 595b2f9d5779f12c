using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Usage;

/// <summary>
/// Encodes a <see cref="UsageBatch"/> in binary, the body of <c>POST /internal/usage</c>. A backlog of a million events is parsed and sent
/// in a tenth of the time that JSON takes. Little-endian, ids in RFC 9562 order, counts before lists: version, journal, boot, from, to;
/// strings; fences; lowered budgets; prices; events of one length, which refer to strings by index (-1 for none) and to prices by
/// version.
/// </summary>
/// <remarks>
/// Version 4 has the first <see cref="Units.SecondLength"/> kinds of units, and no versions of models. Version 3 has neither service
/// classes nor batch factors either: its events are standard ones. Version 2 has only the first <see cref="Units.FirstLength"/> kinds of
/// units, version 1 no prices either. All can still be read, so Billing may be updated before the gateways.
/// </remarks>
public static class UsageBatchFormat
{
    public const string ContentType = "application/vnd.tollgate.usage";

    private const byte Version = 5;
    private const byte VersionOfSecondKinds = 4;
    private const byte VersionWithoutClasses = 3;
    private const byte VersionOfFirstKinds = 2;
    private const byte VersionWithoutPrices = 1;
    private const long Unknown = -1;
    private const int NoString = -1;
    private const int IdBytes = 16;
    private const int HeadBytes = 1 + IdBytes + (3 * sizeof(long));
    private const int FenceBytes = IdBytes + sizeof(long);
    private const int LoweredBytes = IdBytes + (2 * sizeof(long));
    private static readonly Fields FieldsOfVersion = new(Units.Length, HasClasses: true, HasModelVersions: true);

    /// <summary>Returns a request's body, which may be sent any number of times.</summary>
    public static HttpContent ToContent(UsageBatch batch) => ToContent(Write(batch));

    /// <param name="bytes">From <see cref="Write(UsageBatch)"/>.</param>
    public static HttpContent ToContent(byte[] bytes) =>
        new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(ContentType) } };

    public static byte[] Write(UsageBatch batch)
    {
        var (strings, indices) = IndexStrings(batch.Events);
        var prices = IndexPrices(batch.Events);
        var length = HeadBytes + (5 * sizeof(int)) + (prices.Count * PriceBytes(FieldsOfVersion))
            + strings.Sum(text => sizeof(int) + text.Length) + (batch.Fences.Count * FenceBytes)
            + (batch.Lowered.Count * LoweredBytes) + (batch.Events.Count * EventBytes(FieldsOfVersion));
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        var writer = new Writer(bytes);
        writer.Byte(Version);
        writer.Id(batch.JournalId);
        writer.Int64(batch.Boot);
        writer.Int64(batch.From);
        writer.Int64(batch.To);
        writer.Int32(strings.Count);
        foreach (var text in strings)
        {
            writer.Int32(text.Length);
            writer.Bytes(text);
        }

        writer.Int32(batch.Fences.Count);
        foreach (var fence in batch.Fences)
        {
            writer.Id(fence.OrganizationId);
            writer.Int64(fence.Epoch);
        }

        writer.Int32(batch.Lowered.Count);
        foreach (var reclaim in batch.Lowered)
        {
            writer.Id(reclaim.OrganizationId);
            writer.Int64(reclaim.Epoch);
            writer.Int64(reclaim.NanoUsd);
        }

        writer.Int32(prices.Count);
        foreach (var (version, price) in prices)
        {
            Write(ref writer, version, price);
        }

        writer.Int32(batch.Events.Count);
        foreach (var usage in batch.Events)
        {
            Write(ref writer, usage, indices);
        }

        return bytes;
    }

    /// <summary>Parses what <see cref="Write(UsageBatch)"/> wrote, including batches of earlier versions.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a batch of a known version.</exception>
    public static UsageBatch Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        var version = reader.Byte();
        var fields = new Fields(
            version >= Version ? Units.Length : version >= VersionWithoutClasses ? Units.SecondLength : Units.FirstLength,
            version >= VersionOfSecondKinds,
            version >= Version);
        if (version is not (Version or VersionOfSecondKinds or VersionWithoutClasses or VersionOfFirstKinds or VersionWithoutPrices))
        {
            throw new InvalidDataException("The batch has a version that is not known here.");
        }

        var (journal, boot, from, to) = (reader.Id(), reader.Int64(), reader.Int64(), reader.Int64());
        var strings = new string[reader.Count(sizeof(int))];
        for (var i = 0; i < strings.Length; i++)
        {
            strings[i] = Encoding.UTF8.GetString(reader.Bytes(reader.Count(1)));
        }

        var fences = new EpochFence[reader.Count(FenceBytes)];
        for (var i = 0; i < fences.Length; i++)
        {
            fences[i] = new EpochFence(reader.Id(), reader.Int64());
        }

        var lowered = new EpochReclaim[reader.Count(LoweredBytes)];
        for (var i = 0; i < lowered.Length; i++)
        {
            lowered[i] = new EpochReclaim(reader.Id(), reader.Int64(), reader.Int64());
        }

        var prices = version == VersionWithoutPrices ? [] : ReadPrices(ref reader, fields);
        var events = new UsageEvent[reader.Count(EventBytes(fields))];
        for (var i = 0; i < events.Length; i++)
        {
            events[i] = Read(ref reader, strings, prices, fields);
        }

        return reader.IsAtEnd
            ? new UsageBatch(journal, boot, from, to, events, fences) { Lowered = lowered }
            : throw new InvalidDataException("Something follows the batch.");
    }

    private static int PriceBytes(Fields fields) =>
        IdBytes + ((fields.Kinds + 1) * sizeof(long)) + 1 + (fields.HasClasses ? sizeof(short) : 0);

    private static int EventBytes(Fields fields) =>
        (5 * IdBytes) + (4 * sizeof(int)) + ((fields.Kinds + 4) * sizeof(long)) + (2 * sizeof(short)) + 1 + (fields.HasClasses ? 1 : 0)
        + (fields.HasModelVersions ? sizeof(int) : 0);

    private static void Write(ref Writer writer, UsageEvent usage, Dictionary<string, int> strings)
    {
        writer.Id(usage.RequestId);
        writer.Id(usage.OrganizationId);
        writer.Id(usage.ProjectId);
        writer.Id(usage.KeyId);
        writer.Id(usage.PriceVersion);
        writer.Int32(usage.Seq);
        writer.Int32(usage.Attempt);
        writer.Int32(strings[usage.Model]);
        writer.Int32(strings[usage.Endpoint]);
        writer.Int64(usage.Epoch);
        foreach (var kind in UnitKind.All)
        {
            writer.Int64(kind.Of(usage.Units));
        }

        writer.Int64(usage.Delivered);
        writer.Int64(usage.AdmittedAt.UtcTicks);
        writer.Int64(usage.FinishedAt.UtcTicks);
        writer.Int16((short)usage.Outcome);
        writer.Int16((short)usage.Source);
        writer.Byte(usage.Streamed ? (byte)1 : (byte)0);
        writer.Byte((byte)usage.ServiceClass);
        writer.Int32(usage.ModelVersion is { } modelVersion ? strings[modelVersion] : NoString);
    }

    private static void Write(ref Writer writer, Guid version, UsagePrice price)
    {
        writer.Id(version);
        foreach (var kind in UnitKind.All)
        {
            writer.Int64(kind.PriceOf(price.PicoUsd));
        }

        writer.Int64(price.EffectiveFrom?.UtcTicks ?? Unknown);
        writer.Byte(price.IsOrganizationsOwn ? (byte)1 : (byte)0);
        writer.Int16((short)price.PicoUsd.BatchFactor);
    }

    private static Dictionary<Guid, UsagePrice> ReadPrices(ref Reader reader, Fields fields)
    {
        var count = reader.Count(PriceBytes(fields));
        var prices = new Dictionary<Guid, UsagePrice>(count);
        for (var i = 0; i < count; i++)
        {
            var version = reader.Id();
            var picoUsd = reader.Counts(fields.Kinds);
            var (from, isOwn) = (reader.TimeIfKnown(), reader.Byte() != 0);
            var price = fields.HasClasses ? UnitPrices.Of(picoUsd, reader.Int16()) : UnitPrices.Of(picoUsd);
            prices[version] = new UsagePrice(price, from, isOwn);
        }

        return prices;
    }

    private static UsageEvent Read(ref Reader reader, string[] strings, Dictionary<Guid, UsagePrice> prices, Fields fields)
    {
        Guid version;
        return new UsageEvent
        {
            // Initializers run in the order written here, which is the order of the bytes.
            RequestId = reader.Id(),
            OrganizationId = reader.Id(),
            ProjectId = reader.Id(),
            KeyId = reader.Id(),
            PriceVersion = version = reader.Id(),
            Price = prices.GetValueOrDefault(version),
            Seq = reader.Int32(),
            Attempt = reader.Int32(),
            Model = Named(strings, reader.Int32()),
            Endpoint = Named(strings, reader.Int32()),
            Epoch = reader.Int64(),
            Units = Units.Of(reader.Counts(fields.Kinds)),
            Delivered = reader.Int64(),
            AdmittedAt = reader.Time(),
            FinishedAt = reader.Time(),
            Outcome = (Outcome)reader.Int16(),
            Source = (UsageSource)reader.Int16(),
            Streamed = reader.Byte() != 0,
            ServiceClass = fields.HasClasses ? (ServiceClass)reader.Byte() : ServiceClass.Standard,
            ModelVersion = fields.HasModelVersions && reader.Int32() is var modelVersion and not NoString
                ? Named(strings, modelVersion) : null,
        };
    }

    /// <summary>What the prices and events of a version have.</summary>
    private readonly record struct Fields(int Kinds, bool HasClasses, bool HasModelVersions);

    private static string Named(string[] strings, int index) =>
        (uint)index < (uint)strings.Length ? strings[index] : throw new InvalidDataException("A name is not in the batch's list.");

    private static (List<byte[]> Strings, Dictionary<string, int> Indices) IndexStrings(IReadOnlyList<UsageEvent> events)
    {
        var (strings, indices) = (new List<byte[]>(), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var usage in events)
        {
            Add(usage.Model);
            Add(usage.Endpoint);
            if (usage.ModelVersion is { } version)
            {
                Add(version);
            }
        }

        return (strings, indices);

        void Add(string text)
        {
            if (indices.TryAdd(text, strings.Count))
            {
                strings.Add(Encoding.UTF8.GetBytes(text));
            }
        }
    }

    /// <summary>Collects one price per version. If two differ, because a journal spans an update, the one with a date wins.</summary>
    private static Dictionary<Guid, UsagePrice> IndexPrices(IReadOnlyList<UsageEvent> events)
    {
        var prices = new Dictionary<Guid, UsagePrice>();
        foreach (var usage in events)
        {
            if (usage.Price is { } price && (!prices.TryGetValue(usage.PriceVersion, out var known) || known.EffectiveFrom is null))
            {
                prices[usage.PriceVersion] = price;
            }
        }

        return prices;
    }

    private ref struct Writer(Span<byte> rest)
    {
        private Span<byte> _rest = rest;

        public void Byte(byte value) => Take(1)[0] = value;

        public void Int16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Take(sizeof(short)), value);

        public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

        public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

        public void Id(Guid value) => value.TryWriteBytes(Take(IdBytes), bigEndian: true, out _);

        public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

        private Span<byte> Take(int count)
        {
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public byte Byte() => Bytes(1)[0];

        public short Int16() => BinaryPrimitives.ReadInt16LittleEndian(Bytes(sizeof(short)));

        public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

        public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(sizeof(long)));

        public Guid Id() => new(Bytes(IdBytes), bigEndian: true);

        /// <summary>Reads one number for each of the first <paramref name="kinds"/> kinds of units; the others are 0.</summary>
        public UnitCounts Counts(int kinds)
        {
            var counts = default(UnitCounts);
            for (var i = 0; i < kinds; i++)
            {
                counts[i] = Int64();
            }

            return counts;
        }

        public DateTimeOffset Time()
        {
            var ticks = Int64();
            return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks
                ? new DateTimeOffset(ticks, TimeSpan.Zero)
                : throw new InvalidDataException("A time is none.");
        }

        public DateTimeOffset? TimeIfKnown()
        {
            if (_rest.Length >= sizeof(long) && BinaryPrimitives.ReadInt64LittleEndian(_rest) == Unknown)
            {
                _ = Int64();
                return null;
            }

            return Time();
        }

        /// <summary>Reads the number of items that follow, of at least <paramref name="size"/> bytes each.</summary>
        public int Count(int size)
        {
            var count = Int32();
            return count >= 0 && (long)count * size <= _rest.Length
                ? count
                : throw new InvalidDataException("The batch is shorter than its header states.");
        }

        public ReadOnlySpan<byte> Bytes(int count)
        {
            if (count > _rest.Length)
            {
                throw new InvalidDataException("The batch ends too early.");
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
