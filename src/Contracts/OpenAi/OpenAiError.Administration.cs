using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of <c>/v1/organization</c>.</summary>
public sealed partial record OpenAiError
{
    /// <summary>An API key, however many rights it has, is no admin key.</summary>
    public static OpenAiError AdminKeyNeeded() => new(
        403,
        InvalidRequest,
        "missing_scope",
        "You have insufficient permissions for this operation. It needs an admin key (sk-admin-…), "
            + $"which an owner creates on the {PortalPages.AdminKeys} page of the portal.");

    /// <summary>No such admin key; one that was revoked or whose secret is wrong is none either.</summary>
    /// <param name="key">The client's key; shown redacted.</param>
    public static OpenAiError InvalidAdminKey(ReadOnlySpan<char> key) => new(
        401,
        InvalidRequest,
        "invalid_api_key",
        $"Incorrect API key provided: {ApiKeyText.Redact(key)}. "
            + $"You can find your admin keys on the {PortalPages.AdminKeys} page of the portal.");

    /// <summary>The key is refused because of its own state.</summary>
    /// <param name="code"><c>revoked_api_key</c> or <c>expired_api_key</c>.</param>
    /// <param name="what">Continues "The admin key … ".</param>
    public static OpenAiError AdminKeyEnded(ReadOnlySpan<char> key, string code, string what) => new(
        401,
        InvalidRequest,
        code,
        $"The admin key {ApiKeyText.Redact(key)} {what}. Create a new one on the {PortalPages.AdminKeys} page of the portal.");

    /// <summary>An admin key is sent to another endpoint than those of <c>/v1/organization</c>.</summary>
    public static OpenAiError AdminKeyElsewhere() => new(
        401,
        InvalidRequest,
        "invalid_api_key",
        "Admin keys are for /v1/organization alone. Send an API key (sk-tg-…), "
            + $"which you create on the {PortalPages.ApiKeys} page of the portal.");

    /// <param name="limit">Requests a minute.</param>
    public static OpenAiError AdminRateLimitReached(int limit, TimeSpan retryAfter) => new(
        429,
        "requests",
        "rate_limit_exceeded",
        $"Rate limit reached for this admin key on requests per min (RPM): Limit {limit}. "
            + $"Please try again in {GoDuration.Format(retryAfter)}.")
    {
        RetryAfter = retryAfter,
        BindingLimit = "admin_key.rpm",
    };

    /// <summary>The organization has mailed as many invitations as it may for now.</summary>
    public static OpenAiError TooManyInvitations(TimeSpan retryAfter) => new(
        429, "requests", "rate_limit_exceeded", "Too many invitations were mailed. Please try again later.") { RetryAfter = retryAfter };

    /// <summary>An object of the organization does not exist, or belongs to another one.</summary>
    /// <param name="what">Such as <c>project</c>.</param>
    public static OpenAiError AdminObjectNotFound(string what, string id) => new(
        404, InvalidRequest, "not_found", $"No {what} found with id '{Shorten(id)}'.", "id");

    /// <summary>The change would break a rule of the organization.</summary>
    /// <param name="message">What stands against it, a sentence.</param>
    public static OpenAiError AdminConflict(string code, string message) => new(409, InvalidRequest, code, message) { ShouldRetry = false };

    /// <summary>The admin key's owner may not do it.</summary>
    /// <param name="message">A sentence.</param>
    public static OpenAiError AdminForbidden(string message) => new(403, InvalidRequest, "insufficient_permissions", message);
}
