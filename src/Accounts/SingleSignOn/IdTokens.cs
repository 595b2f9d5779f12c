using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Checks ID tokens (OpenID Connect Core 1.0, section 3.1.3.7).</summary>
internal sealed class IdTokens(ProviderDirectory directory, TimeProvider clock)
{
    /// <summary>Signatures by a key of the provider. Never <c>none</c>, never a hash under the client's secret.</summary>
    public static readonly IReadOnlyList<string> Algorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>How far the provider's clock may be off.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private readonly JsonWebTokenHandler _handler = new();

    /// <summary>Checks a token and returns its claims. Reads the provider's keys again when the token's key is unknown.</summary>
    /// <param name="accessToken">The token that came with it, which <c>at_hash</c> must fit if it is there.</param>
    /// <exception cref="ProviderFaultException">A check failed; the message names it.</exception>
    public async Task<JsonElement> ReadAsync(
        string text, KnownProvider provider, string clientId, string nonce, string? accessToken, CancellationToken cancellationToken)
    {
        var result = await ValidateAsync(text, provider, clientId);
        if (result.Exception is SecurityTokenInvalidSignatureException
            && await directory.FindNewKeysAsync(provider.Issuer, cancellationToken) is { } renewed)
        {
            result = await ValidateAsync(text, renewed, clientId);
        }

        if (!result.IsValid)
        {
            throw new ProviderFaultException($"The ID token is refused: {NameOf(result.Exception)}.", result.Exception);
        }

        var token = (JsonWebToken)result.SecurityToken;
        var claims = ProviderHttp.ReadObject(Base64UrlEncoder.Decode(token.EncodedPayload), "The ID token");
        Require(claims.Text("nonce") == nonce, "its nonce is not that of this sign-in");
        Require(claims.Text("sub") is { Length: > 0 and <= 255 }, "it has no subject of at most 255 characters");
        Require(token.IssuedAt > DateTime.MinValue && token.IssuedAt <= (clock.GetUtcNow() + Skew).UtcDateTime,
            "it was issued in the future or states no time");
        var audiences = claims.Texts("aud") ?? [];
        Require(audiences.Count == 1 || claims.Text("azp") is not null, "it has several audiences and no authorized party");
        Require(claims.Text("azp") is not { } party || party == clientId, "its authorized party is another client");
        Require(claims.Text("at_hash") is not { } hash || accessToken is null || hash == HashOf(accessToken, token.Alg),
            "its at_hash does not fit the access token");
        return claims;
    }

    private Task<TokenValidationResult> ValidateAsync(string text, KnownProvider provider, string clientId) =>
        _handler.ValidateTokenAsync(text, new TokenValidationParameters
        {
            ValidIssuer = provider.Issuer,
            ValidAudience = clientId,
            ValidAlgorithms = Algorithms,
            IssuerSigningKeys = provider.Keys,
            LifetimeValidator = (from, until, _, _) =>
            {
                var now = clock.GetUtcNow();
                return until is { } end && end > (now - Skew).UtcDateTime && (from is null || from <= (now + Skew).UtcDateTime);
            },
        });

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new ProviderFaultException($"The ID token is refused: {fault}.");
        }
    }

    private static string NameOf(Exception fault) => fault switch
    {
        SecurityTokenInvalidLifetimeException => "it has expired, is not valid yet, or states no end",
        SecurityTokenInvalidIssuerException => "another issuer made it",
        SecurityTokenInvalidAudienceException => "it is for another client",
        SecurityTokenInvalidAlgorithmException => "its algorithm is not accepted",
        SecurityTokenInvalidSignatureException => "no key of the provider made its signature",
        _ => "it cannot be read",
    };

    /// <summary>The left half of the hash that the signature's algorithm uses.</summary>
    private static string HashOf(string accessToken, string algorithm)
    {
        var bytes = Encoding.ASCII.GetBytes(accessToken);
        var hash = algorithm[^3..] switch
        {
            "256" => SHA256.HashData(bytes),
            "384" => SHA384.HashData(bytes),
            _ => SHA512.HashData(bytes),
        };
        return Base64UrlEncoder.Encode(hash[..(hash.Length / 2)]);
    }
}
