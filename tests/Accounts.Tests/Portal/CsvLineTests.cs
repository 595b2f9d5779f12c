using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Tests.Portal;

public sealed class CsvLineTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@sum", "'@sum")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\rx", "\"'\rx\"")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData(" =kept ", " =kept ")]
    public void A_text_runs_nothing_in_a_spreadsheet_and_stays_whole(string text, string cell) =>
        Assert.Equal($"{cell}\r\n", CsvLine.Of(text));

    [Fact]
    public void Numbers_stay_numbers_and_times_are_of_utc() => Assert.Equal(
        "-12.5,7,,2026-01-02T03:04:05Z\r\n",
        CsvLine.Of(-12.500m, 7L, null, new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1))));
}
