using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Members;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>
/// Spend limits and spend alerts, of the organization and of its projects. A spend limit is the monthly budget that gateways check before
/// each request.
/// </summary>
internal sealed class AdminMoneyDesk(
    AccountsDb db, AdminProjects projects, PolicyRegister policies, MemberRegister members, AuditTrail audit, TimeProvider clock)
{
    private const decimal MostCents = 100_000_000;
    private const long NanoUsdPerCent = 10_000_000;
    private const int MostAlerts = 20;

    public static void Map(AdminRoutesMap map)
    {
        foreach (var of in (string[])["", "/projects/{project}"])
        {
            map.Add<AdminMoneyDesk>("GET", $"{of}/spend_limit", (desk, call) => desk.ShowLimitAsync(call))
                .Add<AdminMoneyDesk>("POST", $"{of}/spend_limit", (desk, call) => desk.SetLimitAsync(call))
                .Add<AdminMoneyDesk>("DELETE", $"{of}/spend_limit", (desk, call) => desk.RemoveLimitAsync(call))
                .Add<AdminMoneyDesk>("GET", $"{of}/spend_alerts", (desk, call) => desk.ListAlertsAsync(call))
                .Add<AdminMoneyDesk>("POST", $"{of}/spend_alerts", (desk, call) => desk.CreateAlertAsync(call))
                .Add<AdminMoneyDesk>("GET", $"{of}/spend_alerts/{{alert}}", (desk, call) => desk.ShowAlertAsync(call))
                .Add<AdminMoneyDesk>("POST", $"{of}/spend_alerts/{{alert}}", (desk, call) => desk.ChangeAlertAsync(call))
                .Add<AdminMoneyDesk>("DELETE", $"{of}/spend_alerts/{{alert}}", (desk, call) => desk.DeleteAlertAsync(call));
        }
    }

    private async Task<object> ShowLimitAsync(AdminCall call)
    {
        var project = await ProjectAsync(call);
        return await LimitsAsync(call, project) is { BudgetPerMonthNanoUsd: { } limit }
            ? new AdminSpendLimit(
                $"{Kind(project)}.spend_limit", (decimal)limit / NanoUsdPerCent, "USD", "month",
                new AdminEnforcement(project?.ArchivedAt is null ? "enforcing" : "inactive"))
            : throw new AdminRefusal(OpenAiError.AdminObjectNotFound("spend limit", $"{Kind(project)}.spend_limit"));
    }

    private async Task<object> SetLimitAsync(AdminCall call)
    {
        var body = call.Read<AdminSpendLimitRequest>();
        await ChangeLimitAsync(call, (long)(CentsOf(body) * NanoUsdPerCent));
        return await ShowLimitAsync(call);
    }

    private async Task<object> RemoveLimitAsync(AdminCall call)
    {
        await ChangeLimitAsync(call, null);
        return new AdminDeleted($"{Kind(await ProjectAsync(call))}.spend_limit.deleted", true);
    }

    private async Task ChangeLimitAsync(AdminCall call, long? nanoUsd)
    {
        if (await ProjectAsync(call) is { } project)
        {
            await projects.ChangeAsync(call, project, "project.limits", one =>
            {
                var changes = one.Limits.BudgetPerMonthNanoUsd != nanoUsd;
                one.Limits = one.Limits with { BudgetPerMonthNanoUsd = nanoUsd };
                return changes;
            });
            return;
        }

        await policies.ChangeLimitsAsync(
            call.OrganizationId, limits => limits with { BudgetPerMonthNanoUsd = nanoUsd }, actorId: null, call.Stop);
    }

    private async Task<object> ListAlertsAsync(AdminCall call)
    {
        var query = call.List();
        var project = await ProjectAsync(call);
        var found = await Alerts(call, project).OrderBy(alert => alert.CreatedAt).ThenBy(alert => alert.Id).ToListAsync(call.Stop);
        return query.Page([.. found.Select(alert => Show(alert, project))], alert => alert.Id);
    }

    private async Task<object> CreateAlertAsync(AdminCall call)
    {
        var body = call.Read<AdminSpendAlertRequest>();
        var project = call.HasProject ? await projects.FindActiveAsync(call) : null;
        var (cents, channel) = (CentsOf(body), await ChannelAsync(call, body));
        await using var transaction = await db.Database.BeginTransactionAsync(call.Stop);
        await db.LockOrganizationAsync(call.OrganizationId, call.Stop);
        if (await Alerts(call, project).CountAsync(call.Stop) >= MostAlerts)
        {
            throw new AdminRefusal(OpenAiError.AdminConflict("too_many_spend_alerts", $"There are {MostAlerts} alerts. Delete one."));
        }

        var now = clock.GetUtcNow();
        var alert = new SpendAlert
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = call.OrganizationId,
            ProjectId = project?.Id,
            ThresholdCents = cents,
            Recipients = channel.Recipients,
            SubjectPrefix = channel.Prefix,
            CreatedAt = now,
        };
        db.SpendAlerts.Add(alert);
        audit.Add("spend-alert.create", AdminIds.Alert.Of(alert.Id), call.OrganizationId, after: Values(alert));
        await db.SaveChangesAsync(call.Stop);
        await transaction.CommitAsync(call.Stop);
        return Show(alert, project);
    }

    private async Task<object> ShowAlertAsync(AdminCall call)
    {
        var project = await ProjectAsync(call);
        return Show(await FindAlertAsync(call, project) ?? throw NotFound(call), project);
    }

    private async Task<object> ChangeAlertAsync(AdminCall call)
    {
        var body = call.Read<AdminSpendAlertRequest>();
        var project = await ProjectAsync(call);
        var (cents, channel) = (CentsOf(body), await ChannelAsync(call, body));
        await using var transaction = await db.Database.BeginTransactionAsync(call.Stop);
        await db.LockOrganizationAsync(call.OrganizationId, call.Stop);
        var alert = await FindAlertAsync(call, project) ?? throw NotFound(call);
        var before = Values(alert);
        if (alert.ThresholdCents != cents || !alert.Recipients.SequenceEqual(channel.Recipients) || alert.SubjectPrefix != channel.Prefix)
        {
            alert.SentMonth = alert.ThresholdCents == cents ? alert.SentMonth : null;
            (alert.ThresholdCents, alert.Recipients, alert.SubjectPrefix) = (cents, channel.Recipients, channel.Prefix);
            audit.Add("spend-alert.change", AdminIds.Alert.Of(alert.Id), call.OrganizationId, before, Values(alert));
            await db.SaveChangesAsync(call.Stop);
        }

        await transaction.CommitAsync(call.Stop);
        return Show(alert, project);
    }

    private async Task<object> DeleteAlertAsync(AdminCall call)
    {
        var project = await ProjectAsync(call);
        var id = call.Id("alert", AdminIds.Alert);
        await using var transaction = await db.Database.BeginTransactionAsync(call.Stop);
        await db.LockOrganizationAsync(call.OrganizationId, call.Stop);
        if (await FindAlertAsync(call, project) is { } alert) // One that is gone is deleted already.
        {
            db.SpendAlerts.Remove(alert);
            audit.Add("spend-alert.delete", AdminIds.Alert.Of(alert.Id), call.OrganizationId, Values(alert));
            await db.SaveChangesAsync(call.Stop);
        }

        await transaction.CommitAsync(call.Stop);
        return new AdminDeleted($"{Kind(project)}.spend_alert.deleted", true) { Id = AdminIds.Alert.Of(id) };
    }

    /// <summary>The project in the path; null where the path is the organization's.</summary>
    private async Task<Project?> ProjectAsync(AdminCall call) => call.HasProject ? await projects.FindAsync(call) : null;

    private async Task<Limits> LimitsAsync(AdminCall call, Project? project) =>
        project?.Limits ?? await policies.FindLimitsAsync(call.OrganizationId, call.Stop) ?? Limits.None;

    private IQueryable<SpendAlert> Alerts(AdminCall call, Project? project)
    {
        var projectId = project?.Id;
        return db.SpendAlerts.Where(alert => alert.OrganizationId == call.OrganizationId && alert.ProjectId == projectId);
    }

    private Task<SpendAlert?> FindAlertAsync(AdminCall call, Project? project)
    {
        var id = call.Id("alert", AdminIds.Alert);
        return Alerts(call, project).SingleOrDefaultAsync(alert => alert.Id == id, call.Stop);
    }

    private static AdminRefusal NotFound(AdminCall call) => AdminRefusal.NotFound(AdminIds.Alert, call.Text("alert"));

    private static decimal CentsOf(AdminMembers body)
    {
        body.OneOf("currency", "USD");
        body.OneOf("interval", "month");
        return body.Cents("threshold_amount", MostCents);
    }

    /// <summary>Only members get alerts: an alert must not make this service send mail to strangers.</summary>
    private async Task<(string[] Recipients, string? Prefix)> ChannelAsync(AdminCall call, AdminMembers body)
    {
        var channel = body.Object("notification_channel", AdminBody.NamesOf<AdminNotification>());
        channel.OneOf("type", "email");
        var recipients = channel.Texts("recipients", 20, longest: 256);
        var known = (await members.ListAsync(call.OrganizationId, call.Stop)).Select(member => member.Email)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (recipients.Length == 0 || recipients.FirstOrDefault(one => !known.Contains(one)) is not null)
        {
            throw channel.Wrong("recipients", "addresses of members of the organization, at least one");
        }

        return (recipients, channel.FindText("subject_prefix", 100));
    }

    private static AdminSpendAlert Show(SpendAlert alert, Project? project) => new(
        AdminIds.Alert.Of(alert.Id), $"{Kind(project)}.spend_alert", alert.ThresholdCents, "USD", "month",
        new AdminNotification("email", alert.Recipients) { SubjectPrefix = alert.SubjectPrefix });

    private static object Values(SpendAlert alert) => new { alert.ThresholdCents, alert.Recipients, alert.SubjectPrefix };

    private static string Kind(Project? project) => project is null ? "organization" : "project";
}
