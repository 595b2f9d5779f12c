using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Money;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Sends spend alerts: one mail an alert and UTC month, on however many instances this runs. The row remembers the month.
/// </summary>
internal sealed partial class SpendAlertWatch(
    IServiceScopeFactory scopes, BillingClient billing, IOptions<AdminApiOptions> options, TimeProvider clock,
    ILogger<SpendAlertWatch> logger)
    : RecurringWork(new Rhythm(options.Value.AlertsEvery, StartsAtOnce: false), clock, logger)
{
    protected override string Failure => "Spend alerts cannot be sent";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        db.Scope = OrganizationScope.All;
        var now = Clock.GetUtcNow();
        var month = new DateOnly(now.Year, now.Month, 1);
        var due = await db.SpendAlerts.AsNoTracking().Where(alert => alert.SentMonth == null || alert.SentMonth < month)
            .ToListAsync(cancellationToken);
        foreach (var ofOrganization in due.GroupBy(alert => alert.OrganizationId))
        {
            var report = await billing.FindUsageAsync(
                ofOrganization.Key,
                new UsageBucketQuery(new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero), now.AddSeconds(1), UsageWidth.Day)
                {
                    Groups = UsageGroups.Project,
                },
                cancellationToken);
            foreach (var alert in ofOrganization.Where(alert => report is not null && SpendCents(report, alert) >= alert.ThresholdCents))
            {
                await SendAsync(scope.ServiceProvider, alert, month, SpendCents(report!, alert), cancellationToken);
            }
        }
    }

    private static decimal SpendCents(UsageReport report, SpendAlert alert) =>
        100 * report.Rows.Where(row => alert.ProjectId is null || row.ProjectId == alert.ProjectId).Sum(row => row.Amount);

    private async Task SendAsync(
        IServiceProvider services, SpendAlert alert, DateOnly month, decimal spent, CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<AccountsDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.SpendAlerts.Where(one => one.Id == alert.Id && (one.SentMonth == null || one.SentMonth < month))
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.SentMonth, month), cancellationToken) == 0)
        {
            return; // Another instance has ordered the mail, or the alert is deleted.
        }

        var name = await db.Organizations.Where(one => one.Id == alert.OrganizationId).Select(one => one.Name)
            .SingleAsync(cancellationToken);
        var project = await db.Projects.Where(one => one.Id == alert.ProjectId).Select(one => one.Name)
            .SingleOrDefaultAsync(cancellationToken);
        var what = project is null ? $"organization \"{name}\"" : $"project \"{project}\" of {name}";
        var members = await (
            from membership in db.Memberships
            where membership.OrganizationId == alert.OrganizationId
            join user in db.Users on membership.UserId equals user.Id
            select user.Email!).ToListAsync(cancellationToken);
        var payloads = services.GetRequiredService<SealedPayloads>();
        foreach (var recipient in alert.Recipients.Where(one => members.Contains(one, StringComparer.OrdinalIgnoreCase)))
        {
            var letter = LetterFor(recipient, alert, what, spent, services.GetRequiredService<PortalAddress>().Url);
            db.Outbox.Add(OutboxMessage.Create(OutboxKind.Mail, alert.Id, Clock.GetUtcNow(), payloads.Seal(letter)));
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        services.GetRequiredService<OutboxSignal>().Raise();
    }

    private static Letter LetterFor(string recipient, SpendAlert alert, string what, decimal spentCents, string portal)
    {
        string Dollars(decimal cents) => (cents / 100).ToString("$#,##0.00", CultureInfo.InvariantCulture);
        var prefix = alert.SubjectPrefix is { } text ? text + " " : "";
        return new Letter(
            recipient,
            $"{prefix}Spend alert: {Dollars(alert.ThresholdCents)} reached",
            $"""
            The {what} has spent {Dollars(spentCents)} in this UTC month. This alert was set for {Dollars(alert.ThresholdCents)}.

            Usage: {portal}/usage

            Requests go on: an alert refuses nothing.
            """);
    }
}
