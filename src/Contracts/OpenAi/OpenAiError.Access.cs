using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors about the caller's identity and permissions.</summary>
public sealed partial record OpenAiError
{
    public static OpenAiError MissingBearer() => new(401, InvalidRequest, null, "Missing bearer authentication in header");

    /// <summary>Two headers hold keys that are not the same: neither is tried.</summary>
    public static OpenAiError TwoApiKeys() => new(
        401, InvalidRequest, "conflicting_api_keys",
        "The headers 'Authorization' and 'x-api-key' hold different API keys. Send the key in one of them.");

    /// <param name="key">The client's key; shown redacted.</param>
    public static OpenAiError InvalidApiKey(ReadOnlySpan<char> key) => new(
        401,
        InvalidRequest,
        "invalid_api_key",
        $"Incorrect API key provided: {ApiKeyText.Redact(key)}. "
            + $"You can find your API keys on the {PortalPages.ApiKeys} page of the portal.");

    /// <summary>A service made a call on behalf of a key without a header that such a call needs.</summary>
    /// <param name="todo">A sentence: what the header must state.</param>
    public static OpenAiError MissingHeader(string header, string todo) =>
        new(400, InvalidRequest, "missing_header", $"The header '{header}' is missing or wrong. {todo}");

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

    /// <summary>The key's project was archived, which cannot be undone.</summary>
    /// <param name="project">The project's name.</param>
    public static OpenAiError ProjectArchived(string project) => new(
        401,
        InvalidRequest,
        "project_archived",
        $"The project '{Shorten(project)}' of this API key has been archived and is no longer accessible. "
            + $"Create a key in another project on the {PortalPages.ApiKeys} page of the portal.");

    /// <summary>The key was not looked up, because its sender's address has used up its look-ups.</summary>
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

    /// <param name="scope">Such as <c>chat.completions</c>; see <see cref="PublicEndpoint.Scope"/>.</param>
    public static OpenAiError MissingScope(string scope) => new(
        403,
        InvalidRequest,
        "missing_scope",
        $"You have insufficient permissions for this operation. Missing scopes: {scope}. "
            + $"If this API key is restricted, an owner can add them on the {PortalPages.ApiKeys} page of the portal.");

    /// <summary>The model exists, but this key may not call it. Reveals no more than <see cref="ModelNotFound"/>.</summary>
    public static OpenAiError ModelNotAllowed(string model) => ModelNotFound(model);

    /// <summary>The key's project may not call the model, or not any more. The words and the status are OpenAI's.</summary>
    /// <param name="project">The project's name.</param>
    public static OpenAiError ModelNotInProject(string project, string model) => new(
        403,
        InvalidRequest,
        ModelNotFoundCode,
        $"Project '{Shorten(project)}' does not have access to model '{Shorten(model)}'. "
            + $"The models of a project are set on the {PortalPages.Projects} page of the portal.",
        "model");

    /// <summary>The model has no price yet; a missing price must not make it free.</summary>
    /// <param name="pricedAs">Another name whose price would do; null for none.</param>
    public static OpenAiError ModelWithoutPrice(string model, string? pricedAs = null) => new(
        404,
        InvalidRequest,
        "model_not_available",
        $"The model '{Shorten(model)}' is not available yet: its operator has set no price for "
        + (pricedAs is null ? "it." : $"it, and none for '{pricedAs}'."),
        "model");

    /// <summary>The model's task does not match the endpoint.</summary>
    /// <param name="endpoint">Such as <c>v1/chat/completions</c>.</param>
    public static OpenAiError ModelNotForEndpoint(string model, string endpoint) => new(
        404, InvalidRequest, "model_not_supported", $"The model '{Shorten(model)}' cannot be used with {endpoint}.", "model");

    public static OpenAiError OrganizationSuspended() => new(
        403, InvalidRequest, "organization_suspended", "This organization is suspended. Ask the operator of this service for the reason.");
}
