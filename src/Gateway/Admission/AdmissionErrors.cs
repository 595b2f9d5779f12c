using System.Globalization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>Why an authenticated request is not admitted, in OpenAI's words.</summary>
internal static class AdmissionErrors
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>A part that decides is away, or not sure: refused rather than unlimited.</summary>
    public static OpenAiError Unavailable() =>
        new(503, "service_unavailable_error", "server_is_overloaded", "The service cannot admit requests at the moment. Please try again shortly.")
        {
            RetryAfter = Soon,
        };

    /// <summary>The money exists but cannot be had yet.</summary>
    public static OpenAiError MoneyUnavailable(TimeSpan? retryAfter = null) => Unavailable() with
    {
        Message = "Your organization's credit cannot be reached at the moment; it is not lost. Please try again shortly.",
        RetryAfter = retryAfter is { } delay && delay > TimeSpan.Zero ? delay : Soon,
        BindingLimit = "till",
    };

    public static OpenAiError CreditExhausted() => new(
        429, "insufficient_quota", "credit_balance_exhausted",
        "Your organization has run out of credit for this request. Add credit on the portal's billing page.")
    {
        ShouldRetry = false,
        BindingLimit = "till",
    };

    public static OpenAiError BudgetExceeded(BudgetLimit budget)
    {
        var scope = budget.Name[..budget.Name.IndexOf('.', StringComparison.Ordinal)];
        var code = scope == "key" ? "api_key_spend_limit_exceeded" : scope + "_spend_limit_exceeded";
        var period = budget.PeriodKind == "d" ? "daily" : "monthly";
        return new OpenAiError(
            429, "insufficient_quota", code, $"This request would exceed the {period} spend limit of your {(scope == "key" ? "API key" : scope)}.")
        {
            ShouldRetry = false,
            BindingLimit = budget.Name,
        };
    }

    public static OpenAiError TooManyAtOnce(ConcurrencyLimit limit, Caller caller, string? model) => new(
        429, "requests", "rate_limit_exceeded",
        $"Rate limit reached for {model ?? "requests"} in {Subject(limit.Name, caller)} on concurrent requests: Limit {limit.Limit}. "
        + "Please try again when one of them has ended.")
    {
        RetryAfter = Soon,
        BindingLimit = limit.Name,
    };

    public static OpenAiError RateLimited(
        BucketLimit bucket, long usedScaled, long requested, TimeSpan retryIn, Caller caller, string? model)
    {
        var used = (usedScaled + bucket.WindowMs - 1) / bucket.WindowMs;
        return new OpenAiError(
            429, Kind(bucket), "rate_limit_exceeded",
            $"Rate limit reached for {model ?? "requests"} in {Subject(bucket.Name, caller)} on {Measure(bucket)}: "
            + $"Limit {bucket.Limit}, Used {used}, Requested {requested}. Please try again in {Duration(retryIn)}.")
        {
            RetryAfter = retryIn,
            BindingLimit = bucket.Name,
        };
    }

    /// <summary>It could never pass, however long the client waited.</summary>
    public static OpenAiError TooLarge(BucketLimit bucket, long requested, Caller caller, string? model) => new(
        429, Kind(bucket), "rate_limit_exceeded",
        $"Request too large for {model ?? "requests"} in {Subject(bucket.Name, caller)} on {Measure(bucket)}: "
        + $"Limit {bucket.Limit}, Requested {requested}. The input or output tokens must be reduced in order to run successfully.")
    {
        ShouldRetry = false,
        BindingLimit = bucket.Name,
    };

    private static string Kind(BucketLimit bucket) => bucket.CountsTokens ? "tokens" : "requests";

    private static string Measure(BucketLimit bucket) =>
        $"{Kind(bucket)} per {(bucket.WindowMs > 60_000 ? "day" : "min")} ({bucket.Name[(bucket.Name.IndexOf('.', StringComparison.Ordinal) + 1)..].ToUpperInvariant()})";

    private static string Subject(string name, Caller caller) => name[..name.IndexOf('.', StringComparison.Ordinal)] switch
    {
        "key" => $"API key {Contracts.Keys.ApiKeyText.Prefix}{caller.Key.PublicId}",
        "project" => $"project proj_{caller.ProjectId:N}",
        _ => $"organization org-{caller.OrganizationId:N}",
    };

    /// <summary>As OpenAI writes it: <c>84ms</c>, <c>1.146s</c>, <c>2m59.56s</c>.</summary>
    internal static string Duration(TimeSpan time)
    {
        var ms = (long)time.TotalMilliseconds;
        if (ms < 1000)
        {
            return ms.ToString(CultureInfo.InvariantCulture) + "ms";
        }

        var (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms % 60_000 / 1000m);
        var text = seconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";
        return hours > 0 ? $"{hours}h{minutes}m{text}" : minutes > 0 ? $"{minutes}m{text}" : text;
    }
}
