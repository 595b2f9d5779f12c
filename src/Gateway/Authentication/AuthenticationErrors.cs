using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Authentication;

/// <summary>Why a caller is not let in.</summary>
internal static class AuthenticationErrors
{
    private const string Type = "invalid_request_error";

    public static OpenAiError MissingBearer() => new(401, Type, null, "Missing bearer authentication in header");

    /// <param name="shown">The text as the client sent it; only its ends are repeated.</param>
    public static OpenAiError IncorrectKey(ReadOnlySpan<char> shown) => new(
        401, Type, "invalid_api_key",
        $"Incorrect API key provided: {Contracts.Keys.ApiKeyText.Redact(shown)}. You can find your API key on the portal's page of keys.");

    public static OpenAiError IncorrectKey(PresentedKey shown) => new(
        401, Type, "invalid_api_key",
        $"Incorrect API key provided: {Contracts.Keys.ApiKeyText.Prefix}{shown.PublicId[..2]}{new string('*', 32)}. "
        + "You can find your API key on the portal's page of keys.");

    public static OpenAiError KeyDisabled() => new(401, Type, "invalid_api_key", "This API key is disabled. Enable it on the portal's page of keys.");

    public static OpenAiError KeyExpired() => new(401, Type, "invalid_api_key", "This API key has expired. Create a new one on the portal's page of keys.");

    public static OpenAiError AddressNotAuthorized() =>
        new(401, Type, "ip_not_authorized", "IP not authorized: this API key may not be used from your address.");

    public static OpenAiError OrganizationSuspended() =>
        new(403, Type, "organization_suspended", "Your organization is suspended. Please contact the operator of this service.");

    public static OpenAiError ScopeMissing(string endpoint) => new(
        403, Type, "missing_scope", $"You have insufficient permissions for this operation. Missing scopes: {endpoint}. Check the scopes of your API key.");

    public static OpenAiError AccountsAway() =>
        new(503, "service_unavailable_error", null, "Your API key cannot be checked at the moment. Please try again shortly.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };
}
