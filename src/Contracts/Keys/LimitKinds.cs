using System.Globalization;

namespace Tollgate.Contracts.Keys;

/// <summary>Every kind of limit.</summary>
public static class LimitKinds
{
    /// <summary>In the order of the portal's forms.</summary>
    public static readonly IReadOnlyList<LimitKind> All =
    [
        RateLimitKind.RequestsPerMinute, RateLimitKind.TokensPerMinute, RateLimitKind.RequestsPerDay, RateLimitKind.TokensPerDay,
        RateLimitKind.Concurrency, BudgetKind.Daily, BudgetKind.Monthly,
    ];
}

/// <summary>
/// One kind of limit. The kinds are data: forms, the command line, the portal's summaries, admission, headers and messages read them
/// here. The Lua scripts use the letters of the fields; a test compares them.
/// </summary>
public abstract record LimitKind
{
    private protected LimitKind()
    {
    }

    /// <summary>Name in forms, and in the header that reports the binding limit.</summary>
    public required string Name { get; init; }

    /// <summary>Name in the API's messages.</summary>
    public required string Text { get; init; }

    /// <summary>Name in the portal's forms.</summary>
    public required string Label { get; init; }

    /// <summary>What follows the number in a summary, such as <c> requests/min</c>.</summary>
    public required string Summary { get; init; }

    /// <summary>Reads the limit of this kind; null when none is set. Nano-dollars for a budget.</summary>
    public required Func<Limits, long?> Of { get; init; }

    /// <summary>Returns the limits with another limit of this kind; null sets none.</summary>
    public required Func<Limits, long?, Limits> With { get; init; }

    /// <summary>Prefix of its field in the organization's hash; the subject follows.</summary>
    public abstract string Field { get; }

    /// <summary>Whether people write it in US dollars. Otherwise it is a whole number.</summary>
    public abstract bool IsMoney { get; }

    /// <summary>Smallest limit, as people write it.</summary>
    public decimal Least => IsMoney ? 0.000001m : 1;

    /// <summary>Largest limit, as people write it.</summary>
    public required long Most { get; init; }

    /// <summary>The range in words, such as <c>1 to 1,000,000</c>.</summary>
    public string Range => string.Create(CultureInfo.InvariantCulture, $"{Least:0.######} to {Most:N0}");

    private decimal Scale => IsMoney ? 1_000_000_000m : 1;

    /// <summary>Whether a number, as people write it, can be a limit of this kind.</summary>
    public bool Admits(decimal number) => number >= Least && number <= Most && (IsMoney || decimal.IsInteger(number));

    /// <summary>The limit as people write it; null when none is set.</summary>
    public decimal? Read(Limits limits) => Of(limits) / Scale;

    /// <summary>A limit as pages and the command line show it, such as <c>60 requests/min</c>.</summary>
    /// <param name="limit">As <see cref="Of"/> reads it.</param>
    public string Show(long limit) => IsMoney
        ? string.Create(CultureInfo.InvariantCulture, $"${limit / Scale:#,##0.00####}{Summary}")
        : string.Create(CultureInfo.InvariantCulture, $"{limit:#,##0}{Summary}");

    /// <summary>Sets a limit that a person wrote, a budget rounded down to whole nano-dollars; null sets none.</summary>
    public Limits Write(Limits limits, decimal? number) => With(limits, number is { } value ? (long)decimal.Floor(value * Scale) : null);
}

/// <summary>What a rate limit counts; see <see cref="RateLimitKind"/>.</summary>
public enum RateDimension
{
    RequestsPerMinute,
    RequestsPerDay,
    TokensPerMinute,
    TokensPerDay,
    Concurrency,
}

/// <summary>A kind of rate limit: a bucket that drains in a window, or requests that run at the same time.</summary>
/// <param name="CountsTokens">Whether it counts tokens rather than requests.</param>
/// <param name="WindowMs">Time in which a full bucket drains, milliseconds; 0 for concurrent requests.</param>
public sealed record RateLimitKind(RateDimension Dimension, string Prefix, bool CountsTokens, long WindowMs) : LimitKind
{
    private const long Minute = 60_000;
    private const long Day = 86_400_000;

    public static readonly RateLimitKind RequestsPerMinute = new(RateDimension.RequestsPerMinute, "b:rm:", CountsTokens: false, Minute)
    {
        Name = "rpm",
        Text = "requests per min (RPM)",
        Label = "Requests per minute",
        Summary = " requests/min",
        Most = MostPerMinute,
        Of = limits => limits.RequestsPerMinute,
        With = (limits, limit) => limits with { RequestsPerMinute = limit },
    };

    public static readonly RateLimitKind RequestsPerDay = new(RateDimension.RequestsPerDay, "b:rd:", CountsTokens: false, Day)
    {
        Name = "rpd",
        Text = "requests per day (RPD)",
        Label = "Requests per day",
        Summary = " requests/day",
        Most = MostPerDay,
        Of = limits => limits.RequestsPerDay,
        With = (limits, limit) => limits with { RequestsPerDay = limit },
    };

    public static readonly RateLimitKind TokensPerMinute = new(RateDimension.TokensPerMinute, "b:tm:", CountsTokens: true, Minute)
    {
        Name = "tpm",
        Text = "tokens per min (TPM)",
        Label = "Tokens per minute",
        Summary = " tokens/min",
        Most = MostPerMinute,
        Of = limits => limits.TokensPerMinute,
        With = (limits, limit) => limits with { TokensPerMinute = limit },
    };

    public static readonly RateLimitKind TokensPerDay = new(RateDimension.TokensPerDay, "b:td:", CountsTokens: true, Day)
    {
        Name = "tpd",
        Text = "tokens per day (TPD)",
        Label = "Tokens per day",
        Summary = " tokens/day",
        Most = MostPerDay,
        Of = limits => limits.TokensPerDay,
        With = (limits, limit) => limits with { TokensPerDay = limit },
    };

    public static readonly RateLimitKind Concurrency = new(RateDimension.Concurrency, "c:", CountsTokens: false, WindowMs: 0)
    {
        Name = "concurrency",
        Text = "concurrent requests",
        Label = "Requests at once",
        Summary = " at once",
        Most = MostAtOnce,
        Of = limits => limits.Concurrency,
        With = (limits, limit) => limits with { Concurrency = limit },
    };

    /// <summary>The kinds that a bucket counts.</summary>
    public static readonly IReadOnlyList<RateLimitKind> Buckets = [RequestsPerMinute, RequestsPerDay, TokensPerMinute, TokensPerDay];

    /// <summary>Largest limit of a minute.</summary>
    public const long MostPerMinute = 1_000_000_000;

    /// <summary>Largest limit of a day: <c>limit × window</c> in milliseconds stays below 2^53, which Lua's numbers hold exactly.</summary>
    public const long MostPerDay = 100_000_000;

    /// <summary>Largest limit of requests at the same time.</summary>
    public const long MostAtOnce = 1_000_000;

    public override string Field => Prefix;

    public override bool IsMoney => false;

    public static RateLimitKind For(RateDimension dimension) => dimension switch
    {
        RateDimension.Concurrency => Concurrency,
        _ => Buckets[(int)dimension],
    };
}

/// <summary>A kind of budget: spend in a UTC period.</summary>
/// <param name="Letter">Its letter in the Lua scripts and in its field.</param>
/// <param name="Period">Date format of a period.</param>
public sealed record BudgetKind(string Letter, string Period) : LimitKind
{
    public static readonly BudgetKind Daily = new("d", "yyyyMMdd")
    {
        Name = "budget_day",
        Text = "daily",
        Label = "Budget per day, USD",
        Summary = "/day",
        Most = MostUsd,
        Of = limits => limits.BudgetPerDayNanoUsd,
        With = (limits, limit) => limits with { BudgetPerDayNanoUsd = limit },
    };

    public static readonly BudgetKind Monthly = new("m", "yyyyMM")
    {
        Name = "budget_month",
        Text = "monthly",
        Label = "Budget per month, USD",
        Summary = "/month",
        Most = MostUsd,
        Of = limits => limits.BudgetPerMonthNanoUsd,
        With = (limits, limit) => limits with { BudgetPerMonthNanoUsd = limit },
    };

    /// <summary>Both kinds, in the order in which admission checks them.</summary>
    public static readonly IReadOnlyList<BudgetKind> Budgets = [Daily, Monthly];

    private const long MostUsd = 1_000_000;

    public override string Field => $"g:{Letter}:";

    public override bool IsMoney => true;

    public static BudgetKind For(bool daily) => daily ? Daily : Monthly;

    /// <summary>Returns the kind of a period, such as 20261129.</summary>
    public static BudgetKind ForPeriod(string period) => For(daily: period.Length == Daily.Period.Length);
}
