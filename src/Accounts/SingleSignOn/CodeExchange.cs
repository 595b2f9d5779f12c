using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Exchanges the code of a provider's answer for what the provider states about the person.</summary>
internal sealed class CodeExchange(ProviderHttp http, IdTokens tokens, ClientSecrets secrets)
{
    private const string TokenName = "The token endpoint";

    /// <summary>Exchanges the code and checks everything that comes back.</summary>
    /// <exception cref="ProviderFaultException">The provider refused, or a check failed.</exception>
    public async Task<ProviderClaims> ExchangeAsync(
        IdentityProvider provider, KnownProvider known, SignInTrip trip, string code, string redirectUrl,
        CancellationToken cancellationToken)
    {
        var (status, text) = await SendAsync(provider, known.Metadata, code, redirectUrl, trip.Verifier, cancellationToken);
        var answer = ProviderHttp.ReadObject(text, "The token endpoint's answer");
        if (status != HttpStatusCode.OK)
        {
            throw new ProviderFaultException($"{TokenName} refused: {ErrorOf(answer)}.");
        }

        var idToken = answer.Text("id_token") ?? throw new ProviderFaultException($"{TokenName} gave no ID token.");
        var accessToken = answer.Text("access_token");
        var claims = await tokens.ReadAsync(idToken, known, provider.ClientId, trip.Nonce, accessToken, cancellationToken);
        var subject = claims.Text("sub")!;
        if (claims.Text("email") is { } email && claims.TryGetProperty("email_verified", out _))
        {
            return new ProviderClaims(subject, email, claims.IsTrue("email_verified"));
        }

        return known.Metadata.UserInfoEndpoint is { } userInfo && accessToken is not null
            ? await ReadUserInfoAsync(userInfo, accessToken, subject, cancellationToken)
            : new ProviderClaims(subject, claims.Text("email"), IsVerified: false);
    }

    /// <summary>
    /// Sends a code that no provider gave, to learn whether it accepts the client and its secret. Returns the fault; null when it does.
    /// </summary>
    /// <exception cref="ProviderFaultException">No answer, or none that can be read.</exception>
    public async Task<string?> FindClientFaultAsync(
        IdentityProvider provider, ProviderMetadata metadata, string redirectUrl, CancellationToken cancellationToken)
    {
        var (status, text) = await SendAsync(provider, metadata, "test", redirectUrl, new string('t', 43), cancellationToken);
        var error = ProviderHttp.ReadObject(text, "The token endpoint's answer").Text("error");
        return status == HttpStatusCode.Unauthorized || error is "invalid_client" or "unauthorized_client"
            ? $"{TokenName} refuses the client id or its secret ({error ?? ((int)status).ToString(provider: null)})."
            : null;
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(
        IdentityProvider provider, ProviderMetadata metadata, string code, string redirectUrl, string verifier,
        CancellationToken cancellationToken)
    {
        var secret = secrets.Open(provider.SealedSecret);
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirectUrl,
            ["code_verifier"] = verifier,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, metadata.TokenEndpoint);
        if (metadata.SecretInBody)
        {
            (form["client_id"], form["client_secret"]) = (provider.ClientId, secret);
        }
        else
        {
            var pair = $"{WebUtility.UrlEncode(provider.ClientId)}:{WebUtility.UrlEncode(secret)}"; // RFC 6749, section 2.3.1.
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        request.Content = new FormUrlEncodedContent(form);
        return await http.SendAsync(request, TokenName, cancellationToken);
    }

    /// <summary>Address and its mark come from here together, never one from the token and one from here.</summary>
    private async Task<ProviderClaims> ReadUserInfoAsync(
        Uri endpoint, string accessToken, string subject, CancellationToken cancellationToken)
    {
        const string Name = "The userinfo endpoint";
        using var request = new HttpRequestMessage(HttpMethod.Get, endpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        var (status, text) = await http.SendAsync(request, Name, cancellationToken);
        if (status != HttpStatusCode.OK)
        {
            throw new ProviderFaultException($"{Name} answered {(int)status} instead of 200.");
        }

        var info = ProviderHttp.ReadObject(text, "The userinfo endpoint's answer");
        return info.Text("sub") == subject
            ? new ProviderClaims(subject, info.Text("email"), info.IsTrue("email_verified"))
            : throw new ProviderFaultException($"{Name} answered about another subject than the ID token.");
    }

    private static string ErrorOf(JsonElement answer) =>
        string.Join(": ", new[] { answer.Text("error") ?? "no reason", answer.Text("error_description") }.OfType<string>());
}

/// <summary>What a provider states about a person, after every check of it.</summary>
/// <param name="Subject">With the issuer, the only thing that names the person.</param>
/// <param name="IsVerified">Whether the provider states that the address is the person's. A missing statement counts as false.</param>
internal sealed record ProviderClaims(string Subject, string? Email, bool IsVerified);
