using Microsoft.Extensions.Time.Testing;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Tests.Work;

namespace Tollgate.ServiceDefaults.Tests.Hosting;

public sealed class RepeatedConditionTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LogLines _log = new();

    [Fact]
    public void Begins_once_for_each_reason_and_for_eight_reasons_at_most()
    {
        var condition = new RepeatedCondition("Usage waits", _clock);

        var logged = Enumerable.Range(0, 20).Select(i => condition.Begins($"reason {i / 2}")).ToList();

        Assert.Equal(8, logged.Count(begins => begins));
        Assert.All(logged.Index().Where(it => it.Item), it => Assert.Equal(0, it.Index % 2));
    }

    [Fact]
    public void Ends_logs_how_long_it_lasted_and_then_counts_from_the_start()
    {
        var condition = new RepeatedCondition("Usage waits", _clock);
        condition.Ends(_log); // It had not begun.
        condition.Begins("away");
        _clock.Advance(TimeSpan.FromSeconds(90));
        condition.Begins("away");

        condition.Ends(_log);
        condition.Ends(_log);

        Assert.Equal(["Information: Usage waits: over after 90.0 s and 2 tries."], _log.Texts);
        Assert.True(condition.Begins("away"));
    }
}
