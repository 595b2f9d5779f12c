using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Which entries of the audit log a page or an export shows, as the query of its address.</summary>
/// <param name="Actor">E-mail address or id of a user, or what was acted through, such as <c>command line</c>; null for all.</param>
/// <param name="Action">An action, or its part before the dot; null for all.</param>
/// <param name="Subject">Part of the subject; null for all.</param>
/// <param name="Address">Start of an address; null for all.</param>
/// <param name="From">First day, UTC, <c>yyyy-MM-dd</c>; null for the beginning.</param>
/// <param name="To">Last day, UTC, included; null for today.</param>
public sealed record AuditFilter(string? Actor, string? Action, string? Subject, string? Address, string? From, string? To)
{
    private const string DayFormat = "yyyy-MM-dd";

    public static AuditFilter Of(IQueryCollection query)
    {
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 and <= 200 } text ? text : null;
        return new AuditFilter(Text("actor"), Text("action"), Text("subject"), Text("address"), Text("from"), Text("to"));
    }

    [JsonIgnore]
    public bool IsEmpty => this == new AuditFilter(null, null, null, null, null, null);

    /// <summary>Returns the faults by member; empty for a filter that can be applied.</summary>
    public Dictionary<string, string[]> FindFaults()
    {
        var faults = new Dictionary<string, string[]>();
        foreach (var (member, day) in new[] { ("from", From), ("to", To) })
        {
            if (day is not null && ReadDay(day) is null)
            {
                faults[member] = ["Enter a day, such as 2026-12-01."];
            }
        }

        if (faults.Count == 0 && ReadDay(From) > ReadDay(To))
        {
            faults["to"] = ["The last day lies before the first one."];
        }

        return faults;
    }

    /// <summary>Applies the filter. A day that cannot be read limits nothing: <see cref="FindFaults"/> comes first.</summary>
    internal IQueryable<AuditEntry> Apply(AccountsDb db, IQueryable<AuditEntry> entries)
    {
        if (Actor is not null)
        {
            var name = Actor.Normalize().ToUpperInvariant();
            var id = Guid.TryParse(Actor, out var parsed) ? parsed : (Guid?)null;
            entries = entries.Where(entry => entry.Via == Actor || (id != null && (entry.ActorId == id || entry.OperatorId == id))
                || db.Users.Any(user => user.NormalizedEmail == name && (user.Id == entry.ActorId || user.Id == entry.OperatorId)));
        }

        if (Action is not null)
        {
            var start = Action + ".";
            entries = entries.Where(entry => entry.Action == Action || entry.Action.StartsWith(start));
        }

        if (Subject is not null)
        {
            entries = entries.Where(entry => entry.Subject.Contains(Subject));
        }

        if (Address is not null)
        {
            entries = entries.Where(entry => entry.Address != null && entry.Address.StartsWith(Address));
        }

        if (ReadDay(From) is { } from)
        {
            entries = entries.Where(entry => entry.At >= from);
        }

        if (ReadDay(To)?.AddDays(1) is { } end)
        {
            entries = entries.Where(entry => entry.At < end);
        }

        return entries;
    }

    /// <summary>Returns the address of a page with this filter.</summary>
    /// <param name="more">Further members; null values are left out.</param>
    public string AddressOf(string path, params (string Name, string? Value)[] more)
    {
        (string Name, string? Value)[] own =
        [
            ("actor", Actor), ("action", Action), ("subject", Subject), ("address", Address), ("from", From), ("to", To),
        ];
        return path + QueryString.Create(own.Concat(more).Where(one => one.Value is not null)
            .Select(one => KeyValuePair.Create(one.Name, one.Value)));
    }

    private static DateTimeOffset? ReadDay(string? text) => DateOnly.TryParseExact(
        text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue
        ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)
        : null;
}
