using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Accounts.AdminApi;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Tests.AdminApi;

/// <summary>A spend alert is one mail an alert and month.</summary>
public sealed class SpendAlertTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync(null, "--AdminApi:AlertsEvery=01:00:00");

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task An_alert_is_mailed_once_when_the_amount_is_reached_and_again_for_a_new_amount()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser);
        var alert = (await api.PostAsync("/spend_alerts", Body(2000))).Succeeded()["id"];
        var watch = _host.Services.GetRequiredService<SpendAlertWatch>();

        Spend(19.99m);
        await watch.RunOnceAsync(CancellationToken.None);
        var below = await SentAsync();
        Spend(20.01m);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => watch.RunOnceAsync(CancellationToken.None)));
        var reached = await SentAsync();
        (await api.PostAsync($"/spend_alerts/{alert}", Body(2500))).Succeeded();
        await watch.RunOnceAsync(CancellationToken.None);
        var raised = await SentAsync();
        Spend(25m);
        await watch.RunOnceAsync(CancellationToken.None);

        Assert.Equal((0, 1, 1), (below, reached, raised));
        Assert.Equal(2, await SentAsync());
        Assert.Contains("/usage", await browser.LinkOfMailAsync("ada@example.com", "[prod] Spend alert: $25.00"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_of_a_project_counts_its_spend_alone_and_a_deleted_one_is_silent()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser);
        var project = (await api.GetAsync("/projects")).Ids[0];
        var alert = (await api.PostAsync($"/projects/{project}/spend_alerts", Body(100))).Succeeded();
        var watch = _host.Services.GetRequiredService<SpendAlertWatch>();

        Spend(5m); // Of no project.
        await watch.RunOnceAsync(CancellationToken.None);
        var other = await SentAsync();
        var deleted = (await api.DeleteAsync($"/projects/{project}/spend_alerts/{alert["id"]}")).Succeeded();
        var again = (await api.DeleteAsync($"/projects/{project}/spend_alerts/{alert["id"]}")).Succeeded();
        Spend(5m, Guid.ParseExact(project["proj_".Length..], "N"));
        await watch.RunOnceAsync(CancellationToken.None);

        Assert.Equal(("project.spend_alert", 0), (alert["object"], other));
        Assert.Equal(deleted.Body.ToString(), again.Body.ToString());
        Assert.Equal(0, await SentAsync());
    }

    private static object Body(int cents) => new
    {
        threshold_amount = cents, currency = "USD", interval = "month",
        notification_channel = new { type = "email", recipients = (string[])["ada@example.com"], subject_prefix = "[prod]" },
    };

    private void Spend(decimal dollars, Guid? project = null) => _host.Responder.Usage =
        [new UsageRow(TimeProvider.System.GetUtcNow(), null, project, null, null, null, 1, 1, 0, 1, dollars)];

    /// <summary>Mails about spend that were sent or wait.</summary>
    private async Task<int> SentAsync()
    {
        await Testing.Until.TrueAsync(
            () => _host.InScopeAsync<AccountsDb, bool>(async db => !await db.Set<Tollgate.Accounts.Outbox.OutboxMessage>().AnyAsync()),
            "an empty outbox");
        return Directory.EnumerateFiles(_host.MailFolder, "*.eml")
            .Count(file => File.ReadAllText(file).Contains("Spend alert", StringComparison.Ordinal));
    }
}
