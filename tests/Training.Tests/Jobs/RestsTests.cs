using Microsoft.Extensions.Time.Testing;
using Tollgate.Training.Jobs;

namespace Tollgate.Training.Tests.Jobs;

/// <summary>When training rests between its steps.</summary>
public sealed class RestsTests
{
    [Theory]
    [InlineData(2, 1, 0.04, false)] // Services that ask after each other.
    [InlineData(2, 1, 0.4, true)]
    [InlineData(4, 1, 0.4, false)] // Two processors and a half are free.
    [InlineData(4, 1, 1.2, true)]
    [InlineData(16, 8, 1.2, true)]
    public void Training_rests_while_it_and_live_work_need_more_than_half_of_the_processors(
        int processors, int training, double live, bool rests)
    {
        var clock = new FakeTimeProvider();
        var seconds = 0.0;
        ProcessorTimes Read() => new(100 + (live * seconds), 500 + (processors * seconds));
        var subject = new Rests(training, processors, Read, clock);

        Assert.Equal(TimeSpan.Zero, subject.After(TimeSpan.FromMilliseconds(80))); // It has not looked yet.
        seconds += 1;
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromMilliseconds(rests ? 80 : 0), subject.After(TimeSpan.FromMilliseconds(80)));
        Assert.Equal(TimeSpan.FromSeconds(rests ? 1 : 0), subject.After(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Time_of_threads_of_a_low_priority_is_not_live()
    {
        var times = ProcessorTimes.Parse("cpu  1000 5000 200 90000 300 10 20 30 0 0");

        Assert.Equal(new ProcessorTimes(12.6, 965.6), times);
        Assert.True(ProcessorTimes.Read().All > 0);
    }
}
