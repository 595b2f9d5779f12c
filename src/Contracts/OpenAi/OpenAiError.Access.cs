using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of who asks and what they may do.</summary>
public sealed partial record OpenAiError
{
    public static OpenAiError MissingBearer() => new(401, InvalidRequest, null, "Missing bearer authentication in header");

    /// <param name="key">What the client sent as its key; shown redacted.</param>
    public static OpenAiError InvalidApiKey(ReadOnlySpan<char> key) => new(
        401,
        InvalidRequest,
        "invalid_api_key",
        $"Incorrect API key provided: {ApiKeyText.Redact(key)}. "
            + $"You can find your API keys on the {PortalPages.ApiKeys} page of the portal.");

    public static OpenAiError ExpiredApiKey(ReadOnlySpan<char> key) => new(
        401,
        InvalidRequest,
        "expired_api_key",
        $"The API key {ApiKeyText.Redact(key)} has expired. Create a new one on the {PortalPages.ApiKeys} page of the portal.");

    public static OpenAiError DisabledApiKey(ReadOnlySpan<char> key) => new(
        401,
        InvalidRequest,
        "disabled_api_key",
        $"The API key {ApiKeyText.Redact(key)} is disabled. An owner can enable it on the {PortalPages.ApiKeys} page of the portal.");

    public static OpenAiError RevokedApiKey(ReadOnlySpan<char> key) => new(
        401,
        InvalidRequest,
        "revoked_api_key",
        $"The API key {ApiKeyText.Redact(key)} was revoked. Create a new one on the {PortalPages.ApiKeys} page of the portal.");

    /// <summary>Whether the key exists was not looked up: its sender's address has used up its look-ups.</summary>
    public static OpenAiError TooManyUnknownKeys(TimeSpan retryAfter) => new(
        429,
        "requests",
        "rate_limit_exceeded",
        "Too many API keys that do not exist were sent from your address. Check the key, and try again later.")
    {
        RetryAfter = retryAfter,
    };

    /// <param name="address">The client's address as the gateway sees it.</param>
    public static OpenAiError NetworkNotAllowed(string address) => new(
        401, InvalidRequest, "ip_not_authorized", $"IP not authorized: this API key may not be used from {Shorten(address)}.");

    /// <param name="scope">Such as <c>chat.completions</c>; see <see cref="KeyScopes"/>.</param>
    public static OpenAiError MissingScope(string scope) => new(
        403,
        InvalidRequest,
        "missing_scope",
        $"You have insufficient permissions for this operation. Missing scopes: {scope}. "
            + $"If this API key is restricted, an owner can add them on the {PortalPages.ApiKeys} page of the portal.");

    /// <summary>The model exists, but this key may not call it. Says no more than <see cref="ModelNotFound"/> does.</summary>
    public static OpenAiError ModelNotAllowed(string model) => ModelNotFound(model);

    /// <summary>The model has no price yet, and nothing is free by accident.</summary>
    public static OpenAiError ModelWithoutPrice(string model) => new(
        404,
        InvalidRequest,
        "model_not_available",
        $"The model '{Shorten(model)}' is not available yet: its operator has set no price for it.",
        "model");

    /// <summary>The model does another task than the endpoint asks for.</summary>
    /// <param name="endpoint">Such as <c>v1/chat/completions</c>.</param>
    public static OpenAiError ModelNotForEndpoint(string model, string endpoint) => new(
        404, InvalidRequest, "model_not_supported", $"The model '{Shorten(model)}' cannot be used with {endpoint}.", "model");

    public static OpenAiError OrganizationSuspended() => new(
        403, InvalidRequest, "organization_suspended", "This organization is suspended. Ask the operator of this service for the reason.");
}
