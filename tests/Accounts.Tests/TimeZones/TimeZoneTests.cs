using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.TimeZones;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Tests.TimeZones;

public sealed class TimeZoneTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Winter = new(2026, 12, 1, 14, 3, 0, TimeSpan.Zero);
    private AccountsHost _host = null!;
    private PortalBrowser _ada = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _ada = await _host.SignUpAsync();
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData(null, "2026-12-01 14:03 UTC")]
    [InlineData("UTC", "2026-12-01 14:03 UTC")]
    [InlineData("Europe/Berlin", "2026-12-01 15:03 UTC+1")]
    [InlineData("America/St_Johns", "2026-12-01 10:33 UTC−3:30")]
    [InlineData("Pacific/Kiritimati", "2026-12-02 04:03 UTC+14")]
    [InlineData("No/Such_Zone", "2026-12-01 14:03 UTC")]
    [InlineData("../../etc/passwd", "2026-12-01 14:03 UTC")]
    public void A_time_is_shown_in_the_zone_with_its_offset(string? zone, string expected)
    {
        PageZone.Use(zone);

        Assert.Equal(expected, Show.Time(Winter));
    }

    [Fact]
    public async Task Pages_show_times_in_the_chosen_zone_and_usage_by_day_stays_utc()
    {
        await _ada.CreateKeyAsync("one");
        await _host.InScopeAsync<AccountsDb, int>(db => db.Database.ExecuteSqlRawAsync(
            "update accounts.api_keys set created_at = '2026-12-01 23:30:00+00'"));
        _host.Responder.Usage = [new UsageRow(Winter.AddHours(-14), null, null, null, "m", "chat", 1, 1, 0, 1, 1)
        {
            ServiceClass = ServiceClass.Standard,
        }];
        var before = await _ada.OpenAsync("/keys");

        var saved = await _ada.SubmitAndFollowAsync("/account/time-zone", "time-zone", ("Zone", "Asia/Tokyo"));
        var after = await _ada.OpenAsync("/keys");
        var usage = await _ada.OpenAsync("/usage?period=30d");

        Assert.Contains("1 Dec 2026", before.Html, StringComparison.Ordinal);
        Assert.Contains("Times in UTC", before.Html, StringComparison.Ordinal);
        Assert.Contains("Pages show times in Asia/Tokyo", saved.Html, StringComparison.Ordinal);
        Assert.Contains("2 Dec 2026", after.Html, StringComparison.Ordinal);
        Assert.Contains("Times in Asia/Tokyo", after.Html, StringComparison.Ordinal);
        Assert.Contains("Hours and days are those of UTC", usage.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(" 00:00 UTC+9", usage.Html, StringComparison.Ordinal);
        Assert.Contains("account.time-zone", await ActionsAsync());
    }

    [Fact]
    public async Task An_unknown_zone_is_refused_and_changes_nothing()
    {
        var answer = await _ada.SubmitAsync("/account/time-zone", "time-zone", ("Zone", "Mars/Olympus"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("does not know that zone", answer.Html, StringComparison.Ordinal);
        Assert.Null(await ZoneAsync());
    }

    [Fact]
    public async Task The_browsers_zone_is_taken_once_and_never_over_a_choice()
    {
        var first = await DetectAsync("Europe/Berlin", await TokenAsync());
        var detected = await ZoneAsync();
        var form = await _ada.OpenAsync("/overview");
        var second = await DetectAsync("Asia/Tokyo", await TokenAsync());
        var forged = await DetectAsync("Asia/Tokyo", "none");

        Assert.Equal((HttpStatusCode.NoContent, "Europe/Berlin"), (first.Status, detected));
        Assert.DoesNotContain("data-time-zone", form.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, second.Status);
        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
        Assert.Equal("Europe/Berlin", await ZoneAsync());
    }

    [Fact]
    public async Task A_zone_that_this_machine_does_not_know_is_utc()
    {
        await DetectAsync("Mars/Olympus", await TokenAsync());

        Assert.Equal("UTC", await ZoneAsync());
    }

    private async Task<string> TokenAsync() => LearningBench.TokenOn(await _ada.OpenAsync("/overview"));

    private async Task<Page> DetectAsync(string zone, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, TimeZoneSetup.DetectionPath)
        {
            Content = new FormUrlEncodedContent([new("zone", zone), new("__RequestVerificationToken", token)]),
        };
        return await _ada.SendAsync(request);
    }

    private Task<string?> ZoneAsync() =>
        _host.InScopeAsync<AccountsDb, string?>(db => db.Users.Select(user => user.TimeZone).SingleAsync());

    private Task<List<string>> ActionsAsync() => _host.InScopeAsync<AccountsDb, List<string>>(
        db => db.Set<Accounts.Audit.AuditEntry>().Select(entry => entry.Action).ToListAsync());
}
