using System.Globalization;
using System.Text.RegularExpressions;

namespace Tollgate.Accounts.Portal;

/// <summary>
/// The time zone in which the present request shows times. It flows with the request, as the current culture does; outside a request and
/// for visitors it is UTC.
/// </summary>
internal static partial class PageZone
{
    private static readonly AsyncLocal<TimeZoneInfo?> Chosen = new();

    public static TimeZoneInfo Current => Chosen.Value ?? TimeZoneInfo.Utc;

    /// <summary>IANA name of the zone.</summary>
    public static string Name => Chosen.Value?.Id ?? "UTC";

    /// <summary>Sets the zone for the rest of the request.</summary>
    /// <param name="name">IANA name; null, and a name that this machine does not know any more, for UTC.</param>
    public static void Use(string? name) => Chosen.Value = Find(name);

    /// <summary>The zone of an IANA name; null for UTC and for a name that this machine does not know.</summary>
    public static TimeZoneInfo? Find(string? name) =>
        name is not null && IanaName().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId
            && zone.Id != "UTC" ? zone : null;

    /// <summary>Formats an instant with the zone's offset at that instant, such as <c>2026-12-01 15:03 UTC+1</c>.</summary>
    public static string Write(DateTimeOffset at, string format)
    {
        var local = TimeZoneInfo.ConvertTime(at, Current);
        return $"{local.ToString(format, CultureInfo.InvariantCulture)} {OffsetOf(local.Offset)}";
    }

    /// <summary>Names an offset: <c>UTC</c>, <c>UTC+1</c>, <c>UTC−3:30</c>.</summary>
    public static string OffsetOf(TimeSpan offset)
    {
        if (offset == TimeSpan.Zero)
        {
            return "UTC";
        }

        var minutes = offset.Minutes == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $":{Math.Abs(offset.Minutes):00}");
        return string.Create(CultureInfo.InvariantCulture, $"UTC{(offset < TimeSpan.Zero ? '−' : '+')}{Math.Abs(offset.Hours)}{minutes}");
    }

    /// <summary>A name is a path below the folder of zones: nothing may lead out of it.</summary>
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}$")]
    private static partial Regex IanaName();
}
