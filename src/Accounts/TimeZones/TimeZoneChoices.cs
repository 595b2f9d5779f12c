using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.TimeZones;

/// <summary>The time zones that a person can choose, and the choice. Pages show times in it; usage by day stays UTC.</summary>
internal sealed class TimeZoneChoices(AccountsDb db, AuditTrail audit, TimeProvider clock)
{
    public const string Utc = "UTC";

    /// <summary>Lists the zones of this machine by their IANA names, each with its present offset. UTC comes first.</summary>
    public IReadOnlyList<TimeZoneChoice> List()
    {
        var now = clock.GetUtcNow();
        return
        [
            new TimeZoneChoice(Utc, Utc),
            .. TimeZoneInfo.GetSystemTimeZones()
                .Where(zone => zone.Id.Contains('/', StringComparison.Ordinal) && !zone.Id.StartsWith("Etc/", StringComparison.Ordinal))
                .Where(zone => PageZone.Find(zone.Id) is not null)
                .OrderBy(zone => zone.Id, StringComparer.Ordinal)
                .Select(zone => new TimeZoneChoice(zone.Id, $"{zone.Id.Replace('_', ' ')} ({PageZone.OffsetOf(zone.GetUtcOffset(now))})")),
        ];
    }

    /// <summary>Sets the zone of a person's pages. Returns false for a name that this machine does not know.</summary>
    public async Task<bool> ChooseAsync(Guid userId, string? name, CancellationToken cancellationToken)
    {
        var chosen = name?.Trim() == Utc ? Utc : PageZone.Find(name?.Trim())?.Id;
        if (chosen is not { Length: <= 64 })
        {
            return false;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var before = await db.Users.Where(user => user.Id == userId).Select(user => user.TimeZone).SingleAsync(cancellationToken);
        if (before != chosen)
        {
            await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(
                set => set.SetProperty(user => user.TimeZone, chosen), cancellationToken);
            audit.Add("account.time-zone", userId.ToString(), before: new { TimeZone = before }, after: new { TimeZone = chosen });
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Takes the zone that a browser reports, unless the person has one already. An unknown one becomes UTC.</summary>
    public async Task DetectAsync(Guid userId, string? name, CancellationToken cancellationToken)
    {
        var zone = PageZone.Find(name) is { Id.Length: <= 64 } known ? known.Id : Utc;
        await db.Users.Where(user => user.Id == userId && user.TimeZone == null).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.TimeZone, zone), cancellationToken);
    }
}

/// <summary>A zone that can be chosen.</summary>
/// <param name="Name">IANA name.</param>
/// <param name="Text">The name with its present offset.</param>
internal sealed record TimeZoneChoice(string Name, string Text);
