using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Contracts.Tests.Usage;

public sealed class UsageBatchFormatTests
{
    /// <summary>A batch that version 2 wrote.</summary>
    private const string SecondVersion =
        "AgGVqqoAAHAAgAAAAAAAAAgDAAAAAAAAAGQAAAAAAAAAyAAAAAAAAAACAAAADgAAAHRpbnktYXNzaXN0YW50EAAAAGNoYXQuY29tcGxldGlvbnMBAAAAAZWq"
        + "qgAAcACAAAAAAAAAAgcAAAAAAAAAAQAAAAGVqqoAAHAAgAAAAAAAAAIHAAAAAAAAAAUAAAAAAAAAAQAAAAGVqqoAAHAAgAAAAAAAAAUBAAAAAAAAAAIAAAAA"
        + "AAAAAwAAAAAAAAAEAAAAAAAAAAUAAAAAAAAABgAAAAAAAAAAIOggR03fCAEBAAAAAZWqqgAAcACAAAAAAAAAAQGVqqoAAHAAgAAAAAAAAAIBlaqqAABwAIAA"
        + "AAAAAAADAZWqqgAAcACAAAAAAAAABAGVqqoAAHAAgAAAAAAAAAUAAAAAAgAAAAAAAAABAAAABwAAAAAAAAAKAAAAAAAAABQAAAAAAAAAHgAAAAAAAAAoAAAA"
        + "AAAAADIAAAAAAAAAPAAAAAAAAAAJAAAAAAAAAADgUUsQTt8IgKMbTRBO3wgDAAEAAQ==";

    private static readonly DateTimeOffset Noon = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(5);

    [Fact]
    public void Read_returns_every_member_that_was_written()
    {
        var batch = Batch();

        var read = UsageBatchFormat.Read(UsageBatchFormat.Write(batch));

        Assert.Equal((batch.JournalId, batch.Boot, batch.From, batch.To), (read.JournalId, read.Boot, read.From, read.To));
        Assert.Equal(batch.Fences, read.Fences);
        Assert.Equal(batch.Lowered, read.Lowered);
        Assert.Equal(batch.Events, read.Events); // Each member is another value than a new event's, those of later days too.
        Assert.All(
            typeof(UsageEvent).GetProperties(),
            member => Assert.All(batch.Events, usage => Assert.False(IsDefault(member.GetValue(usage)), member.Name)));
    }

    [Fact]
    public void Read_takes_what_gateways_of_the_versions_before_sent()
    {
        const int Prices = sizeof(int) + 16 + (7 * sizeof(long)) + 1; // One price of six kinds, after their number.
        const int Event = sizeof(int) + (5 * 16) + (4 * sizeof(int)) + (10 * sizeof(long)) + (2 * sizeof(short)) + 1;
        var second = Convert.FromBase64String(SecondVersion);
        byte[] first = [1, .. second[1..^(Event + Prices)], .. second[^Event..]];

        var read = UsageBatchFormat.Read(second);
        var older = UsageBatchFormat.Read(first);

        var price = new UsagePrice(new UnitPrices(1, 2, 3, 4, 5, 6), Noon.AddDays(-1), IsOrganizationsOwn: true);
        var usage = new UsageEvent
        {
            RequestId = Id(1),
            OrganizationId = Id(2),
            ProjectId = Id(3),
            KeyId = Id(4),
            Model = "tiny-assistant",
            Endpoint = "chat.completions",
            Streamed = true,
            Attempt = 2,
            PriceVersion = Id(5),
            Price = price,
            Epoch = 7,
            Units = new Units(10, 20, 30, 40, 50, 60),
            Delivered = 9,
            Outcome = Outcome.ClientLeft,
            AdmittedAt = Noon,
            FinishedAt = Noon.AddSeconds(3),
            Source = UsageSource.Recovery,
        };
        Assert.Equal((Id(8), 3L, 100L, 200L), (read.JournalId, read.Boot, read.From, read.To));
        Assert.Equal([usage], read.Events);
        Assert.Equal([usage with { Price = null }], older.Events);
        Assert.Equal([new EpochReclaim(Id(2), 7, 5)], read.Lowered);
        Assert.Equal(read.Lowered, older.Lowered);
    }

    [Fact]
    public void Read_takes_what_a_gateway_without_classes_sent()
    {
        const int EventOfFourth = (5 * 16) + (4 * sizeof(int)) + (12 * sizeof(long)) + (2 * sizeof(short)) + 2; // The class comes last.
        var usage = WithEightKinds(Usage(1)) with { ServiceClass = ServiceClass.Standard };
        var fourth = WriteFourth(Batch() with { Events = [usage] });
        var prices = fourth.Length - EventOfFourth - sizeof(int) - sizeof(short); // The factor comes last.
        byte[] third = [3, .. fourth[1..prices], .. fourth[(prices + sizeof(short))..^1]];

        var read = UsageBatchFormat.Read(third);

        Assert.Equal([usage with { Price = usage.Price! with { PicoUsd = usage.Price.PicoUsd with { BatchFactor = 5000 } } }], read.Events);
    }

    [Fact]
    public void Read_takes_what_a_gateway_of_eight_kinds_sent()
    {
        var usage = WithEightKinds(Usage(1));
        var batch = Batch() with { Events = [usage] };

        var read = UsageBatchFormat.Read(WriteFourth(batch));

        Assert.Equal(batch.Events, read.Events);
        Assert.Equal(batch.Fences, read.Fences);
    }

    [Fact]
    public void A_version_of_a_model_is_written_where_it_is_known_alone()
    {
        var usage = Usage(1);
        var batch = Batch() with { Events = [usage, usage with { ModelVersion = null }, usage with { ModelVersion = "2025-rc.1" }] };

        var read = UsageBatchFormat.Read(UsageBatchFormat.Write(batch));

        Assert.Equal(["1", null, "2025-rc.1"], read.Events.Select(one => one.ModelVersion));
    }

    [Fact]
    public void Of_two_prices_of_a_version_the_one_with_its_date_is_sent()
    {
        var usage = Batch().Events[0];
        var known = new UsagePrice(new UnitPrices(1, 1, 2, 2, 0, 0), DateTimeOffset.UnixEpoch.AddDays(1), true);
        var batch = Batch() with { Events = [usage with { Price = known with { EffectiveFrom = null } }, usage with { Price = known }] };

        var read = UsageBatchFormat.Read(UsageBatchFormat.Write(batch));

        Assert.Equal([known, known], read.Events.Select(one => one.Price));
    }

    [Fact]
    public void Read_refuses_what_is_no_batch()
    {
        var bytes = UsageBatchFormat.Write(Batch());

        Assert.All(
            Enumerable.Range(0, bytes.Length),
            length => Assert.Throws<InvalidDataException>(() => UsageBatchFormat.Read(bytes.AsSpan(0, length))));
        Assert.Throws<InvalidDataException>(() => UsageBatchFormat.Read([.. bytes, 0]));
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = bytes.ToArray();
            damaged[_random.Next(damaged.Length)] = (byte)_random.Next(256);
            var exception = Record.Exception(() => UsageBatchFormat.Read(damaged));
            Assert.True(exception is null or InvalidDataException, exception?.ToString());
        }
    }

    private static Guid Id(int number) => new($"0195aaaa-0000-7000-8000-{number:x12}");

    private UsageBatch Batch() => new(
        Guid.NewGuid(), 3, 1L << 40, (1L << 40) + 7, [.. Enumerable.Range(1, 3).Select(Usage)],
        [new EpochFence(Guid.NewGuid(), 1_760_000_000_000)])
    {
        Lowered = [new EpochReclaim(Guid.NewGuid(), 1_760_000_000_001, 5), new EpochReclaim(Guid.NewGuid(), 1, long.MaxValue)],
    };

    private UsageEvent Usage(int number) => new()
    {
        RequestId = Guid.NewGuid(),
        Seq = number,
        OrganizationId = Guid.NewGuid(),
        ProjectId = Guid.NewGuid(),
        KeyId = Guid.NewGuid(),
        Model = number == 2 ? "größer" : "tiny-assistant",
        Endpoint = "chat.completions",
        Streamed = true,
        Attempt = number,
        PriceVersion = Guid.NewGuid(),
        Price = new UsagePrice(
            new UnitPrices(number, 2, 3, 4, 5, long.MaxValue, 7, 8, 9, 10, BatchFactor: 10_000 - number),
            number % 2 == 0 ? null : DateTimeOffset.UnixEpoch.AddTicks(number),
            number % 3 == 0),
        Epoch = _random.NextInt64(),
        Units = new Units(1, 2, 3, 4, 5, long.MaxValue, 7, 8, 9, 10),
        Delivered = 6,
        Outcome = Outcome.Empty,
        AdmittedAt = DateTimeOffset.UnixEpoch.AddTicks(number),
        FinishedAt = DateTimeOffset.UnixEpoch.AddYears(60),
        Source = UsageSource.Estimate,
        ServiceClass = ServiceClass.Batch,
        ModelVersion = $"{number}",
    };

    private static UsageEvent WithEightKinds(UsageEvent usage) => usage with
    {
        ModelVersion = null,
        Units = usage.Units with { Calls = 0, Elements = 0 },
        Price = usage.Price! with { PicoUsd = usage.Price.PicoUsd with { Call = 0, Element = 0 } },
    };

    /// <summary>What version 4 wrote of one event: the last two kinds of its price and of its units are missing, and the version of its
    /// model.</summary>
    private static byte[] WriteFourth(UsageBatch batch)
    {
        const int Kinds = 2 * sizeof(long);
        const int AfterUnits = (3 * sizeof(long)) + (2 * sizeof(short)) + 2;
        const int BeforeUnits = (5 * 16) + (4 * sizeof(int)) + sizeof(long) + (8 * sizeof(long));
        const int AfterPrice = sizeof(long) + 1 + sizeof(short) + sizeof(int); // Date, whose it is, factor; then the number of events.
        var bytes = UsageBatchFormat.Write(batch);
        var end = bytes.Length - sizeof(int); // The version of the model comes last.
        var units = end - AfterUnits - Kinds;
        var price = units - BeforeUnits - AfterPrice - Kinds;
        return [4, .. bytes[1..price], .. bytes[(price + Kinds)..units], .. bytes[(units + Kinds)..end]];
    }

    private static bool IsDefault(object? value) =>
        value is null || (value is ValueType && value.Equals(Activator.CreateInstance(value.GetType())));
}
