using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Contracts.Tests.Usage;

public sealed class UsageBatchFormatTests
{
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
    public void Read_takes_what_a_gateway_of_the_version_before_sends()
    {
        const int EventBytes = (5 * 16) + (4 * sizeof(int)) + (10 * sizeof(long)) + (2 * sizeof(short)) + 1;
        var batch = Batch();
        batch = batch with { Events = [.. batch.Events.Select(usage => usage with { Price = null })] };
        var bytes = UsageBatchFormat.Write(batch);
        var prices = bytes.Length - (batch.Events.Count * EventBytes) - (2 * sizeof(int)); // Where this version counts none.
        byte[] older = [1, .. bytes[1..prices], .. bytes[(prices + sizeof(int))..]];

        var read = UsageBatchFormat.Read(older);

        Assert.Equal(batch.Events, read.Events);
        Assert.Equal(batch.Lowered, read.Lowered);
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
            new UnitPrices(number, 2, 3, 4, 5, long.MaxValue),
            number % 2 == 0 ? null : DateTimeOffset.UnixEpoch.AddTicks(number),
            number % 3 == 0),
        Epoch = _random.NextInt64(),
        Units = new Units(1, 2, 3, 4, 5, long.MaxValue),
        Delivered = 6,
        Outcome = Outcome.Empty,
        AdmittedAt = DateTimeOffset.UnixEpoch.AddTicks(number),
        FinishedAt = DateTimeOffset.UnixEpoch.AddYears(60),
        Source = UsageSource.Estimate,
    };

    private static bool IsDefault(object? value) =>
        value is null || (value is ValueType && value.Equals(Activator.CreateInstance(value.GetType())));
}
