using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/audit_logs</c>: the organization's own chain.</summary>
internal sealed class AdminAuditDesk(AccountsDb db)
{
    private const string Prefix = "audit_log-";
    private const long LastSecond = 253_402_300_799;

    private static readonly string[] Times = ["effective_at[gt]", "effective_at[gte]", "effective_at[lt]", "effective_at[lte]"];

    private static readonly AdminIds[] Kinds =
    [
        AdminIds.Project, AdminIds.User, AdminIds.Account, AdminIds.Key, AdminIds.RateLimit, AdminIds.Invite, AdminIds.Role,
    ];

    public static void Map(AdminRoutesMap map) =>
        map.Add<AdminAuditDesk>("GET", "/audit_logs", (desk, call) => desk.ListAsync(call));

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List(
            [.. Times, "tenant_only"], ["event_types", "actor_ids", "actor_emails", "resource_ids", "project_ids"]);
        var (after, before) = (Position(query, "after"), Position(query, "before"));
        var isDescending = query.IsDescending;
        var isBackwards = before is not null && after is null;
        var entries = Filter(call, query);
        if (after is { } below)
        {
            entries = entries.Where(entry => isDescending ? entry.Number < below : entry.Number > below);
        }

        if (before is { } above)
        {
            entries = entries.Where(entry => isDescending ? entry.Number > above : entry.Number < above);
        }

        var ordered = isDescending != isBackwards
            ? entries.OrderByDescending(entry => entry.Number) : entries.OrderBy(entry => entry.Number);
        var found = await ordered.Take(query.Limit + 1).AsNoTracking().ToListAsync(call.Stop);
        var hasMore = found.Count > query.Limit;
        found = found[..Math.Min(found.Count, query.Limit)];
        if (isBackwards)
        {
            found.Reverse();
        }

        var emails = await EmailsAsync(call, found);
        AdminAuditEntry[] page = [.. found.Select(entry => Show(entry, emails))];
        return new AdminPage<AdminAuditEntry>("list", page, page.FirstOrDefault()?.Id, page.LastOrDefault()?.Id, hasMore);
    }

    private IQueryable<AuditEntry> Filter(AdminCall call, AdminQuery query)
    {
        query.FindOneOf("tenant_only", "false");
        var entries = db.AuditEntries.Where(entry => entry.OrganizationId == call.OrganizationId && entry.Number != null);
        if (query.FindList("event_types") is { } types)
        {
            string[] actions = [.. types.SelectMany(AuditEvents.ActionsOf).Distinct()];
            entries = entries.Where(entry => actions.Contains(entry.Action));
        }

        if (query.FindIds("actor_ids", AdminIds.User) is { } actors)
        {
            entries = entries.Where(entry => entry.ActorId != null && actors.Contains(entry.ActorId.Value));
        }

        if (query.FindList("actor_emails") is { } emails)
        {
            string[] names = [.. emails.Select(email => email.Normalize().ToUpperInvariant())];
            entries = entries.Where(
                entry => db.Users.Any(user => user.Id == entry.ActorId && names.Contains(user.NormalizedEmail!)));
        }

        if (query.FindList("resource_ids") is { } resources)
        {
            string[] subjects = [.. resources.SelectMany(SubjectsOf).Distinct()];
            entries = entries.Where(entry => subjects.Contains(entry.Subject));
        }

        if (query.FindIds("project_ids", AdminIds.Project) is { } projects)
        {
            string[] subjects = [.. projects.Select(id => id.ToString())];
            entries = entries.Where(entry => subjects.Contains(entry.Subject));
        }

        return FilterByTime(entries, query);
    }

    private static IQueryable<AuditEntry> FilterByTime(IQueryable<AuditEntry> entries, AdminQuery query)
    {
        foreach (var name in Times)
        {
            if (query.FindInteger(name, 0, LastSecond) is not { } second)
            {
                continue;
            }

            // effective_at is a whole second: later than it is from the next one on.
            var first = name is "effective_at[gt]" or "effective_at[lte]" ? Math.Min(second + 1, LastSecond) : second;
            var at = DateTimeOffset.FromUnixTimeSeconds(first);
            entries = name is "effective_at[gt]" or "effective_at[gte]"
                ? entries.Where(entry => entry.At >= at) : entries.Where(entry => entry.At < at);
        }

        return entries;
    }

    /// <summary>How the log may name an object.</summary>
    private static IEnumerable<string> SubjectsOf(string id) =>
        Kinds.Select(kind => kind.Find(id)).OfType<Guid>().Select(guid => guid.ToString()).Append(id);

    private static long? Position(AdminQuery query, string name)
    {
        if (query.Find(name) is not { } text)
        {
            return null;
        }

        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(text[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number : throw AdminQuery.Wrong(name, "the id of an entry", text);
    }

    private Task<Dictionary<Guid, string>> EmailsAsync(AdminCall call, IReadOnlyList<AuditEntry> found)
    {
        Guid[] people = [.. found.Select(entry => entry.ActorId).OfType<Guid>().Distinct()];
        return db.Users.Where(user => people.Contains(user.Id)).ToDictionaryAsync(user => user.Id, user => user.Email!, call.Stop);
    }

    private static AdminAuditEntry Show(AuditEntry entry, Dictionary<Guid, string> emails)
    {
        var type = AuditEvents.TypeOf(entry.Action);
        return new AdminAuditEntry(
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{entry.Number}"), type, entry.At.ToUnixTimeSeconds(),
            ActorOf(entry, emails))
        {
            Details = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { [type] = DetailsOf(entry, type) },
        };
    }

    private static AdminActor? ActorOf(AuditEntry entry, Dictionary<Guid, string> emails)
    {
        var user = entry.ActorId is { } id ? new AdminActorUser(AdminIds.User.Of(id), emails.GetValueOrDefault(id)) : null;
        return entry.Via.StartsWith(ApiKeyText.AdminPrefix, StringComparison.Ordinal)
            ? new AdminActor("api_key") { ApiKey = new AdminActorKey(entry.Via, "user", user) }
            : user is null ? null : new AdminActor("session") { Session = new AdminActorSession(user, entry.Address) };
    }

    private static JsonElement DetailsOf(AuditEntry entry, string type)
    {
        var details = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = entry.Subject };
        if (entry.After is not null)
        {
            details[AuditEvents.DataMember(type)] = JsonElement.Parse(entry.After);
        }

        if (entry.Before is not null)
        {
            details["before"] = JsonElement.Parse(entry.Before);
        }

        return JsonSerializer.SerializeToElement(details);
    }
}
