namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of limits, budgets and credit: all 429, so that official clients raise the class that their users know.</summary>
public sealed partial record OpenAiError
{
    private const string InsufficientQuota = "insufficient_quota";

    /// <summary>A bucket or the concurrency is full; the request fits later.</summary>
    /// <param name="used">Units in the bucket.</param>
    /// <param name="requested">Units that this request needs.</param>
    /// <param name="retryAfter">When it fits.</param>
    public static OpenAiError RateLimitReached(
        string model, LimitSubject subject, RateDimension dimension, long limit, long used, long requested, TimeSpan retryAfter)
    {
        // A message of "0s" would invite a retry at once, which fails again.
        var wait = retryAfter < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : retryAfter;
        var message = $"Rate limit reached for {model} in {subject} on {Describe(dimension)}: "
            + $"Limit {limit}, Used {used}, Requested {requested}. Please try again in {GoDuration.Format(wait)}. "
            + WhoRaises(subject.Level);
        return new(429, TypeOf(dimension), "rate_limit_exceeded", message)
        {
            RetryAfter = wait,
            BindingLimit = subject.BindingLimit(dimension),
        };
    }

    /// <summary>The request alone is larger than the limit; it never fits.</summary>
    public static OpenAiError RequestTooLarge(string model, LimitSubject subject, RateDimension dimension, long limit, long requested)
    {
        var message = $"Request too large for {model} in {subject} on {Describe(dimension)}: Limit {limit}, Requested {requested}. "
            + "The input or output tokens must be reduced in order to run successfully. "
            + WhoRaises(subject.Level);
        return new(429, TypeOf(dimension), "rate_limit_exceeded", message)
        {
            ShouldRetry = false,
            BindingLimit = subject.BindingLimit(dimension),
        };
    }

    /// <summary>A budget of a day or a month is used up, or what is left of it is less than the request may cost.</summary>
    /// <param name="daily">Whether the budget is that of a day; else of a month.</param>
    public static OpenAiError SpendLimitExceeded(LimitLevel level, bool daily)
    {
        var (who, code) = level switch
        {
            LimitLevel.Key => ("API key", "api_key_spend_limit_exceeded"),
            LimitLevel.Project => ("project", "project_spend_limit_exceeded"),
            _ => ("organization", "organization_spend_limit_exceeded"),
        };
        return new(
            429,
            InsufficientQuota,
            code,
            $"This {who} has reached its {(daily ? "daily" : "monthly")} spend limit, "
                + "or this request could cost more than what is left of it. "
                + $"Lower the request's output cap, or wait for the next period. {WhoRaises(level)}")
        {
            ShouldRetry = false,
            BindingLimit = $"{LimitSubject.NameOf(level)}.budget_{(daily ? "day" : "month")}",
        };
    }

    /// <summary>The wallet is empty, or holds less than the request may cost.</summary>
    public static OpenAiError CreditBalanceExhausted() => new(
        429,
        InsufficientQuota,
        "credit_balance_exhausted",
        "Your credit balance is used up, or this request could cost more than what is left of it. "
            + $"Add credit on the {PortalPages.Billing} page of the portal, or lower the request's output cap.")
    {
        ShouldRetry = false,
        BindingLimit = "wallet",
    };

    /// <summary>The request waited for a slot as long as it may.</summary>
    public static OpenAiError QueueTimeout(TimeSpan retryAfter) => new(
        429, "rate_limit_error", "slow_down", "The request waited too long for free capacity and was not run. Please try again later.")
    {
        RetryAfter = retryAfter,
        BindingLimit = "queue",
    };

    /// <summary>Where a limit can be changed: a key's in the portal, all others by the operator alone.</summary>
    private static string WhoRaises(LimitLevel level) => level == LimitLevel.Key
        ? $"The limits of a key are set on the {PortalPages.ApiKeys} page of the portal."
        : "Ask the operator of this service for a higher limit.";

    private static string TypeOf(RateDimension dimension) =>
        dimension is RateDimension.TokensPerMinute or RateDimension.TokensPerDay ? "tokens" : "requests";

    private static string Describe(RateDimension dimension) => dimension switch
    {
        RateDimension.RequestsPerMinute => "requests per min (RPM)",
        RateDimension.TokensPerMinute => "tokens per min (TPM)",
        RateDimension.RequestsPerDay => "requests per day (RPD)",
        RateDimension.TokensPerDay => "tokens per day (TPD)",
        _ => "concurrent requests",
    };
}

/// <summary>Whose limit it is.</summary>
public enum LimitLevel
{
    Key,
    Project,
    Organization,

    /// <summary>An organization's limit on one model.</summary>
    Model,
}

/// <summary>What a rate limit counts.</summary>
public enum RateDimension
{
    RequestsPerMinute,
    TokensPerMinute,
    RequestsPerDay,
    TokensPerDay,
    Concurrency,
}

/// <summary>Whom a limit binds, as messages name it.</summary>
/// <param name="Organization">Such as <c>org-0195…</c>.</param>
/// <param name="Name">The project's (<c>proj_…</c>) or the key's public name; unused for the other levels.</param>
public readonly record struct LimitSubject(LimitLevel Level, string Organization, string? Name = null)
{
    /// <summary>Such as <c>project proj_… organization org-…</c>, which follows the word "in".</summary>
    public override string ToString() => Level switch
    {
        LimitLevel.Key => $"key {Name} organization {Organization}",
        LimitLevel.Project => $"project {Name} organization {Organization}",
        _ => $"organization {Organization}",
    };

    /// <summary>Such as <c>key.tpm</c>.</summary>
    public string BindingLimit(RateDimension dimension) => NameOf(Level) + dimension switch
    {
        RateDimension.RequestsPerMinute => ".rpm",
        RateDimension.TokensPerMinute => ".tpm",
        RateDimension.RequestsPerDay => ".rpd",
        RateDimension.TokensPerDay => ".tpd",
        _ => ".concurrency",
    };

    internal static string NameOf(LimitLevel level) => level switch
    {
        LimitLevel.Key => "key",
        LimitLevel.Project => "project",
        LimitLevel.Organization => "organization",
        _ => "model",
    };
}
