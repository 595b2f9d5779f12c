using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of limits, budgets and credit. All are 429, so that official clients raise the class that their users expect.</summary>
public sealed partial record OpenAiError
{
    private const string InsufficientQuota = "insufficient_quota";

    /// <summary>A bucket or the concurrency limit is full; the request will fit later.</summary>
    /// <param name="used">Units in the bucket.</param>
    /// <param name="requested">Units that this request needs.</param>
    /// <param name="retryAfter">When the request will fit.</param>
    public static OpenAiError RateLimitReached(
        string model, LimitSubject subject, RateDimension dimension, long limit, long used, long requested, TimeSpan retryAfter)
    {
        // Rounds up to 1 ms: a message of "0s" would invite an immediate retry, which fails again.
        var wait = retryAfter < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : retryAfter;
        var kind = RateLimitKind.For(dimension);
        var message = $"Rate limit reached for {model} in {subject} on {kind.Text}: "
            + $"Limit {limit}, Used {used}, Requested {requested}. Please try again in {GoDuration.Format(wait)}. "
            + WhoRaises(subject.Level);
        return new(429, TypeOf(kind), "rate_limit_exceeded", message)
        {
            RetryAfter = wait,
            BindingLimit = subject.BindingLimit(kind.Name),
        };
    }

    /// <summary>The request alone exceeds the limit, so it never fits.</summary>
    public static OpenAiError RequestTooLarge(string model, LimitSubject subject, RateDimension dimension, long limit, long requested)
    {
        var kind = RateLimitKind.For(dimension);
        var message = $"Request too large for {model} in {subject} on {kind.Text}: Limit {limit}, Requested {requested}. "
            + "The input or output tokens must be reduced in order to run successfully. "
            + WhoRaises(subject.Level);
        return new(429, TypeOf(kind), "rate_limit_exceeded", message)
        {
            ShouldRetry = false,
            BindingLimit = subject.BindingLimit(kind.Name),
        };
    }

    /// <summary>A daily or monthly budget is used up, or its rest is less than the request may cost.</summary>
    /// <param name="daily">True for a daily budget, false for a monthly one.</param>
    public static OpenAiError SpendLimitExceeded(LimitLevel level, bool daily)
    {
        var (who, code) = level switch
        {
            LimitLevel.Key => ("API key", "api_key_spend_limit_exceeded"),
            LimitLevel.Project => ("project", "project_spend_limit_exceeded"),
            _ => ("organization", "organization_spend_limit_exceeded"),
        };
        var budget = BudgetKind.For(daily);
        return new(
            429,
            InsufficientQuota,
            code,
            $"This {who} has reached its {budget.Text} spend limit, "
                + "or this request could cost more than what is left of it. "
                + $"Lower the request's output cap, or wait for the next period. {WhoRaises(level)}")
        {
            ShouldRetry = false,
            BindingLimit = $"{LimitSubject.NameOf(level)}.{budget.Name}",
        };
    }

    /// <summary>The wallet is empty, or its rest is less than the request may cost.</summary>
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

    /// <summary>A run of a fine-tuning job may cost more than its job allows.</summary>
    /// <param name="cost">What the run may cost, US dollars.</param>
    public static OpenAiError AboveMostUsd(decimal cost, decimal most) => new(
        400,
        InvalidRequest,
        "budget_exceeded",
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"This run may cost up to ${cost:0.############}, more than the ${most:0.############} that are left of its budget."),
        "mostUsd");

    /// <summary>The request waited for a slot for the maximum time.</summary>
    public static OpenAiError QueueTimeout(TimeSpan retryAfter) => new(
        429, "rate_limit_error", "slow_down", "The request waited too long for free capacity and was not run. Please try again later.")
    {
        RetryAfter = retryAfter,
        BindingLimit = "queue",
    };

    /// <summary>Explains where to change a limit: a key's and a project's in the portal, all others through the operator.</summary>
    private static string WhoRaises(LimitLevel level) => level switch
    {
        LimitLevel.Key => $"The limits of a key are set on the {PortalPages.ApiKeys} page of the portal.",
        LimitLevel.Project => $"The limits of a project are set on the {PortalPages.Projects} page of the portal.",
        _ => "Ask the operator of this service for a higher limit.",
    };

    private static string TypeOf(RateLimitKind kind) => kind.CountsTokens ? "tokens" : "requests";
}

/// <summary>Subject of a limit, as messages name it.</summary>
/// <param name="Organization">Such as <c>org-0195…</c>.</param>
/// <param name="Name">Name of the project (<c>proj_…</c>) or public name of the key; unused for other levels.</param>
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
    public string BindingLimit(string limit) => $"{NameOf(Level)}.{limit}";

    internal static string NameOf(LimitLevel level) => level switch
    {
        LimitLevel.Key => "key",
        LimitLevel.Project => "project",
        LimitLevel.Organization => "organization",
        _ => "model",
    };
}
