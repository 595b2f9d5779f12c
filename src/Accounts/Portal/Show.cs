using System.Globalization;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.Portal;

/// <summary>
/// Formats figures for pages: times in the zone of the request, decimal points, and dollar amounts that never round a real cost to zero.
/// </summary>
internal static class Show
{
    /// <summary>Formats two to six decimals, as needed.</summary>
    public static string Usd(decimal amount)
    {
        var size = Math.Abs(amount);
        var text = size is > 0 and < 0.000001m ? "<$0.000001" : "$" + size.ToString("#,##0.00####", CultureInfo.InvariantCulture);
        return amount < 0 ? "−" + text : text;
    }

    public static string NanoUsd(long amount) => Usd(amount / 1_000_000_000m);

    /// <summary>Formats a price per million tokens: X pico-dollars per token are X / 10^6 dollars per million.</summary>
    public static string PerMillion(long pico) => Usd(pico / 1_000_000m);

    /// <summary>Formats the prices of all units but tokens, those above 0; empty without any.</summary>
    public static string MediaPrices(UnitPrices prices) => string.Join(
        ", ", PriceMember.Shown(prices).Where(member => member.IsMedia)
            .Select(member => $"{Usd(member.UsdOf(prices))} per {member.Quote}"));

    /// <summary>Formats the share of a price that batches pay.</summary>
    /// <param name="tenThousandths">See <see cref="UnitPrices.BatchFactor"/>.</param>
    public static string BatchFactor(int tenThousandths) => (tenThousandths / 100m).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    /// <summary>Formats what a request used: prompt and completion tokens, and every other count above 0.</summary>
    public static string Used(Units units)
    {
        (long Count, string Text)[] others =
        [
            (units.Cached, "of them cached"), (units.AudioMs / 1000, "s audio"), (units.Images, "images"), (units.Pixels, "pixels"),
            (units.Steps, "steps"), (units.Calls, "calls"), (units.Elements, "elements"),
        ];
        return string.Join(
            ", ", others.Where(unit => unit.Count > 0).Select(unit => $"{Count(unit.Count)} {unit.Text}")
                .Prepend($"{Count(units.Prompt)} in, {Count(units.Completion)} out"));
    }

    public static string Count(long count) => count.ToString("#,##0", CultureInfo.InvariantCulture);

    /// <summary>Formats an instant in the zone of the request, with the offset.</summary>
    public static string Time(DateTimeOffset at) => PageZone.Write(at, "yyyy-MM-dd HH:mm");

    /// <summary>Formats an instant in UTC: for buckets of usage, which are UTC, and for mails, whose readers' zone is not known.</summary>
    public static string UtcTime(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>Formats a day in the zone of the request.</summary>
    public static string Date(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, PageZone.Current).ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>Formats the time since the last use, which gateways report every few seconds.</summary>
    public static string LastUse(DateTimeOffset? last, DateTimeOffset now) => last switch
    {
        null => "never",
        { } at when now - at < TimeSpan.FromMinutes(1) => "just now",
        { } at when now - at < TimeSpan.FromHours(1) => $"{(int)(now - at).TotalMinutes} min ago",
        { } at when now - at < TimeSpan.FromHours(24) => $"{(int)(now - at).TotalHours} h ago",
        { } at => Date(at),
    };

    /// <summary>Formats a waiting time, rounded up.</summary>
    public static string Wait(TimeSpan wait) => wait switch
    {
        { TotalSeconds: <= 90 } => $"{Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))} seconds",
        _ => $"{(int)Math.Ceiling(wait.TotalMinutes)} minutes",
    };

    public static string TooManyMails(TimeSpan wait) =>
        $"Several mails went to this address already. Look into the spam folder, or wait {Wait(wait)}.";

    public static string Limits(Limits limits)
    {
        var parts = LimitKinds.All
            .Select(kind => kind.Of(limits) is { } limit ? kind.Show(limit) : null)
            .Where(part => part is not null).ToArray();
        return parts.Length > 0 ? string.Join(", ", parts) : "none of its own";
    }

    public static string Kind(string kind) => kind switch
    {
        "usage" => "Usage",
        "top_up" => "Top-up",
        "welcome_credit" => "Welcome credit",
        _ => kind.Length > 0 ? char.ToUpperInvariant(kind[0]) + kind[1..].Replace('_', ' ') : "",
    };
}
