using Microsoft.Extensions.Time.Testing;
using Tollgate.Accounts.Records;

namespace Tollgate.Accounts.Tests.Records;

public sealed class RowVersionTests
{
    [Fact]
    public void After_rises_within_a_millisecond_and_when_the_clock_steps_back()
    {
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.Zero };
        var version = Guid.CreateVersion7(clock.GetUtcNow());
        var versions = new List<string> { version.ToString("N") };

        for (var i = 0; i < 1000; i++)
        {
            if (i == 500)
            {
                clock.AdjustTime(clock.GetUtcNow().AddMinutes(-5));
            }

            version = RowVersion.After(version, clock);
            versions.Add(version.ToString("N"));
        }

        Assert.Equal(versions.Distinct().Order(StringComparer.Ordinal), versions);
    }
}
