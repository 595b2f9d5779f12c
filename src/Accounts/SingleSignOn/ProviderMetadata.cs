using System.Text.Json;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>What a provider publishes about itself (OpenID Connect Discovery 1.0).</summary>
/// <param name="UserInfoEndpoint">Null for a provider without one.</param>
/// <param name="SecretInBody">Whether the client secret goes into the form, as the provider takes no Basic authentication.</param>
/// <param name="StatesIssuer">Whether each answer to the browser states the issuer (RFC 9207).</param>
internal sealed record ProviderMetadata(
    Uri AuthorizationEndpoint, Uri TokenEndpoint, Uri? UserInfoEndpoint, Uri KeysUrl, bool SecretInBody, bool StatesIssuer)
{
    public const string DocumentName = "The discovery document";

    /// <summary>Address of the document of an issuer.</summary>
    public static string UrlOf(string issuer) => issuer.TrimEnd('/') + "/.well-known/openid-configuration";

    /// <summary>Reads a document, naming each fault.</summary>
    /// <param name="faults">Receives the faults.</param>
    /// <returns>Null with a fault.</returns>
    public static ProviderMetadata? Read(JsonElement document, string issuer, ProviderHttp http, List<string> faults)
    {
        if (document.Text("issuer") != issuer)
        {
            faults.Add($"The discovery document names the issuer '{document.Text("issuer")}' instead of '{issuer}'. "
                + "Both must be the same text, a final slash included.");
        }

        Require(document, "response_types_supported", "code", isRequired: true, faults);
        Require(document, "code_challenge_methods_supported", "S256", isRequired: false, faults);
        Require(document, "scopes_supported", "openid", isRequired: false, faults);
        if (document.Texts("id_token_signing_alg_values_supported") is { } algorithms && !algorithms.Any(IdTokens.Algorithms.Contains))
        {
            faults.Add($"The provider signs with {string.Join(", ", algorithms)}, none of which is accepted: "
                + $"{string.Join(", ", IdTokens.Algorithms)}.");
        }

        var methods = document.Texts("token_endpoint_auth_methods_supported") ?? ["client_secret_basic"];
        if (!methods.Contains("client_secret_basic") && !methods.Contains("client_secret_post"))
        {
            faults.Add("The token endpoint takes neither client_secret_basic nor client_secret_post.");
        }

        var authorization = ReadUrl("authorization_endpoint");
        var token = ReadUrl("token_endpoint");
        var keys = ReadUrl("jwks_uri");
        var userInfo = document.TryGetProperty("userinfo_endpoint", out _) ? ReadUrl("userinfo_endpoint") : null;
        return faults.Count > 0 ? null : new ProviderMetadata(
            authorization!, token!, userInfo, keys!, !methods.Contains("client_secret_basic"),
            document.IsTrue("authorization_response_iss_parameter_supported"));

        Uri? ReadUrl(string member)
        {
            try
            {
                return http.ReadUrl(document.Text(member), member);
            }
            catch (ProviderFaultException fault)
            {
                faults.Add(fault.Message);
                return null;
            }
        }
    }

    private static void Require(JsonElement document, string member, string value, bool isRequired, List<string> faults)
    {
        if (document.Texts(member) is { } values ? !values.Contains(value) : isRequired)
        {
            faults.Add($"The discovery document's {member} lacks '{value}'.");
        }
    }
}
