using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(-5000, "0s")]
    [InlineData(0.9999, "0s")]
    [InlineData(2, "2ms")]
    [InlineData(8.7, "8ms")]
    [InlineData(84, "84ms")]
    [InlineData(999.9999, "999ms")]
    [InlineData(1000, "1s")]
    [InlineData(1146, "1.146s")]
    [InlineData(8640, "8.64s")]
    [InlineData(11_054, "11.054s")]
    [InlineData(20_000, "20s")]
    [InlineData(59_999.9, "59.999s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(179_560, "2m59.56s")]
    [InlineData(360_000, "6m0s")]
    [InlineData(3_599_001, "59m59.001s")]
    [InlineData(3_600_000, "1h0m0s")]
    [InlineData(86_400_000, "24h0m0s")]
    [InlineData(90_061_001, "25h1m1.001s")]
    public void Format_writes_a_span_as_Go_does(double milliseconds, string text) =>
        Assert.Equal(text, GoDuration.Format(TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond))));
}
