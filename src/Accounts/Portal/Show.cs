using System.Globalization;
using Tollgate.Accounts.Keys;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Portal;

/// <summary>How figures look on pages: UTC, dots for decimals, and never a dollar amount that rounds a real cost to nothing.</summary>
internal static class Show
{
    /// <summary>Two decimals, up to six where there is something to see.</summary>
    public static string Usd(decimal amount)
    {
        var size = Math.Abs(amount);
        var text = size is > 0 and < 0.000001m ? "<$0.000001" : "$" + size.ToString("#,##0.00####", CultureInfo.InvariantCulture);
        return amount < 0 ? "−" + text : text;
    }

    public static string NanoUsd(long amount) => Usd(amount / 1_000_000_000m);

    public static string Count(long count) => count.ToString("#,##0", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    public static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>How long ago something was last used; gateways report it every few seconds.</summary>
    public static string LastUse(DateTimeOffset? last, DateTimeOffset now) => last switch
    {
        null => "never",
        { } at when now - at < TimeSpan.FromMinutes(1) => "just now",
        { } at when now - at < TimeSpan.FromHours(1) => $"{(int)(now - at).TotalMinutes} min ago",
        { } at when now - at < TimeSpan.FromHours(24) => $"{(int)(now - at).TotalHours} h ago",
        { } at => Date(at),
    };

    /// <summary>How long somebody must wait, rounded up.</summary>
    public static string Wait(TimeSpan wait) => wait switch
    {
        { TotalSeconds: <= 90 } => $"{Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))} seconds",
        _ => $"{(int)Math.Ceiling(wait.TotalMinutes)} minutes",
    };

    public static string TooManyMails(TimeSpan wait) =>
        $"Several mails went to this address already. Look into the spam folder, or wait {Wait(wait)}.";

    public static string Limits(Limits limits)
    {
        string?[] parts =
        [
            limits.RequestsPerMinute is { } rpm ? $"{Count(rpm)} requests/min" : null,
            limits.TokensPerMinute is { } tpm ? $"{Count(tpm)} tokens/min" : null,
            limits.RequestsPerDay is { } rpd ? $"{Count(rpd)} requests/day" : null,
            limits.TokensPerDay is { } tpd ? $"{Count(tpd)} tokens/day" : null,
            limits.Concurrency is { } running ? $"{Count(running)} at once" : null,
            limits.BudgetPerDayNanoUsd is { } day ? $"{NanoUsd(day)}/day" : null,
            limits.BudgetPerMonthNanoUsd is { } month ? $"{NanoUsd(month)}/month" : null,
        ];
        return parts.Any(p => p is not null) ? string.Join(", ", parts.Where(p => p is not null)) : "none of its own";
    }

    public static string Scopes(string[]? scopes) => scopes is null
        ? "all"
        : string.Join(", ", AccessForm.Endpoints.Where(e => scopes.Contains(e.Scope)).Select(e => e.Text));

    public static string Models(string[]? allowed, string[]? denied) => (allowed, denied) switch
    {
        (null, null) => "all",
        (null, { } no) => "all but " + string.Join(", ", no),
        ({ } yes, _) => "only " + string.Join(", ", yes.Except(denied ?? [])),
    };

    public static string Kind(string kind) => kind switch
    {
        "usage" => "Usage",
        "top_up" => "Top-up",
        "welcome_credit" => "Welcome credit",
        _ => kind.Length > 0 ? char.ToUpperInvariant(kind[0]) + kind[1..].Replace('_', ' ') : "",
    };
}
