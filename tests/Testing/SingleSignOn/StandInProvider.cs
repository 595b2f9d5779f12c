using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Tollgate.Testing.SingleSignOn;

/// <summary>
/// An OpenID Connect provider on a real socket, with real RS256 keys. It takes nothing that a strict provider refuses: an address that was
/// not registered, a request without state, nonce or PKCE's S256, a wrong secret, a wrong verifier, or a code for the second time.
/// </summary>
public sealed class StandInProvider : IAsyncDisposable
{
    public const string ClientId = "tollgate";

    /// <summary>Has characters that Basic authentication must escape.</summary>
    public const string ClientSecret = "s3cret:with/+ and %";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Grant> _codes = new();
    private readonly ConcurrentDictionary<string, StandInPerson> _accessTokens = new();

    private StandInProvider(WebApplication app) => _app = app;

    public string Issuer => _app.Urls.Single();

    /// <summary>Addresses to which answers may go.</summary>
    public ConcurrentDictionary<string, bool> RedirectUris { get; } = new();

    /// <summary>Whom it signs in.</summary>
    public StandInPerson Person { get; set; } = new("1");

    /// <summary>Whether a page asks the person first.</summary>
    public bool Asks { get; set; }

    /// <summary>What it does wrong.</summary>
    public StandInFaults Faults { get; set; } = new();

    /// <summary>The key that signs, and the only one that it publishes.</summary>
    public SigningKey Key { get; private set; } = SigningKey.Create();

    /// <summary>Times that the discovery document was read.</summary>
    public int Discoveries { get; private set; }

    /// <summary>The last request that it took for a person.</summary>
    public IReadOnlyDictionary<string, string> LastRequest { get; private set; } = new Dictionary<string, string>();

    public static async Task<StandInProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var provider = new StandInProvider(app);
        app.MapGet("/.well-known/openid-configuration", (Delegate)provider.Describe);
        app.MapGet("/jwks", () => Json(new JsonObject { ["keys"] = new JsonArray(provider.Key.Published()) }));
        app.MapGet("/authorize", (Delegate)provider.Authorize);
        app.MapPost("/consent", (Delegate)provider.ConsentAsync);
        app.MapPost("/token", (Delegate)provider.GiveTokenAsync);
        app.MapGet("/userinfo", (Delegate)provider.DescribePerson);
        await app.StartAsync();
        return provider;
    }

    /// <summary>Publishes and uses another key from now on.</summary>
    public void RotateKey() => Key = SigningKey.Create();

    /// <summary>Goes to an address of the provider as a browser that follows no redirect. Returns where the answer leads.</summary>
    public static async Task<string> FollowAsync(string url)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var response = await client.GetAsync(url);
        return response.Headers.Location?.OriginalString
            ?? throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private IResult Describe()
    {
        Discoveries++;
        var document = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = $"{Issuer}/authorize",
            ["token_endpoint"] = $"{Issuer}/token",
            ["userinfo_endpoint"] = $"{Issuer}/userinfo",
            ["jwks_uri"] = $"{Issuer}/jwks",
            ["response_types_supported"] = new JsonArray("code"),
            ["scopes_supported"] = new JsonArray("openid", "email", "profile"),
            ["code_challenge_methods_supported"] = new JsonArray("S256"),
            ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
            ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_basic"),
            ["authorization_response_iss_parameter_supported"] = true,
        };
        Faults.Discovery?.Invoke(document);
        return Json(document);
    }

    private IResult Authorize(HttpContext context)
    {
        var query = context.Request.Query;
        if (query.Any(pair => pair.Value.Count != 1) || query["client_id"] != ClientId
            || !RedirectUris.ContainsKey(query["redirect_uri"].ToString()))
        {
            return Results.BadRequest("The client or its redirect_uri is not registered, or a parameter comes twice.");
        }

        LastRequest = query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        if (query["response_type"] != "code" || !query["scope"].ToString().Split(' ').Contains("openid")
            || query["code_challenge_method"] != "S256" || query["code_challenge"].ToString().Length != 43
            || query["state"].ToString().Length < 20 || query["nonce"].ToString().Length < 20)
        {
            return Answer(LastRequest, ("error", "invalid_request"));
        }

        if (!Asks)
        {
            return GiveCode(LastRequest);
        }

        var fields = string.Concat(LastRequest.Select(pair =>
            $"<input type=\"hidden\" name=\"{HtmlEncoder.Default.Encode(pair.Key)}\" value=\"{HtmlEncoder.Default.Encode(pair.Value)}\">"));
        return Results.Content(
            $"""
            <!DOCTYPE html><html lang="en"><head><title>Provider</title></head><body><main><h1>Acme sign-in</h1>
            <form method="post" action="/consent">{fields}
            <button name="answer" value="yes">Sign in as {HtmlEncoder.Default.Encode(Person.Email ?? Person.Subject)}</button>
            <button name="answer" value="no">Cancel</button></form></main></body></html>
            """, "text/html");
    }

    private async Task<IResult> ConsentAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var request = form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        return form["answer"] == "yes" ? GiveCode(request) : Answer(request, ("error", "access_denied"));
    }

    private IResult GiveCode(IReadOnlyDictionary<string, string> request)
    {
        var code = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _codes[code] = new Grant(Person, request["nonce"], request["code_challenge"], request["redirect_uri"]);
        return Answer(request, ("code", code));
    }

    private IResult Answer(IReadOnlyDictionary<string, string> request, (string Name, string Value) answer) => Results.Redirect(
        QueryHelpers.AddQueryString(request["redirect_uri"], new Dictionary<string, string?>
        {
            [answer.Name] = answer.Value, ["state"] = request["state"], ["iss"] = Faults.StatedIssuer ?? Issuer,
        }));

    private async Task<IResult> GiveTokenAsync(HttpContext context)
    {
        if (!AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var header) || header.Scheme != "Basic"
            || Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter!)).Split(':') is not [var id, var secret]
            || Unescape(id) != ClientId || Unescape(secret) != ClientSecret)
        {
            return Json(new JsonObject { ["error"] = "invalid_client" }, StatusCodes.Status401Unauthorized);
        }

        var form = await context.Request.ReadFormAsync();
        var verifier = form["code_verifier"].ToString();
        if (form["grant_type"] != "authorization_code" || !_codes.TryRemove(form["code"].ToString(), out var grant)
            || grant.RedirectUri != form["redirect_uri"] || verifier.Length is < 43 or > 128
            || grant.Challenge != WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))))
        {
            return Json(new JsonObject { ["error"] = "invalid_grant" }, StatusCodes.Status400BadRequest);
        }

        var accessToken = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _accessTokens[accessToken] = grant.Person;
        return Json(new JsonObject
        {
            ["access_token"] = accessToken, ["token_type"] = "Bearer", ["expires_in"] = 300,
            ["id_token"] = WriteIdToken(grant, accessToken),
        });
    }

    private string WriteIdToken(Grant grant, string accessToken)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer, ["sub"] = grant.Person.Subject, ["aud"] = ClientId, ["nonce"] = grant.Nonce,
            ["iat"] = now, ["exp"] = now + 300,
            ["at_hash"] = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken))[..16]),
        };
        if (!grant.Person.OnlyInUserInfo)
        {
            grant.Person.WriteTo(claims);
        }

        Faults.Claims?.Invoke(claims);
        return Faults.Sign is { } sign ? sign(claims) : Key.Sign(claims);
    }

    private IResult DescribePerson(HttpContext context)
    {
        if (!AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var header) || header.Scheme != "Bearer"
            || !_accessTokens.TryGetValue(header.Parameter ?? "", out var person))
        {
            return Results.Unauthorized();
        }

        var info = new JsonObject { ["sub"] = Faults.UserInfoSubject ?? person.Subject };
        person.WriteTo(info);
        return Json(info);
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static IResult Json(JsonObject json, int status = StatusCodes.Status200OK) =>
        Results.Content(json.ToJsonString(), "application/json", Encoding.UTF8, status);

    private sealed record Grant(StandInPerson Person, string Nonce, string Challenge, string RedirectUri);
}

/// <summary>A person as the stand-in knows one.</summary>
/// <param name="IsVerified">Value of <c>email_verified</c>; null leaves it out.</param>
/// <param name="OnlyInUserInfo">Whether the ID token holds the subject alone.</param>
public sealed record StandInPerson(
    string Subject, string? Email = null, bool? IsVerified = true, string? UserName = null, bool OnlyInUserInfo = false)
{
    internal void WriteTo(JsonObject claims)
    {
        Set("email", Email);
        Set("email_verified", IsVerified);
        Set("preferred_username", UserName);

        void Set(string name, JsonNode? value)
        {
            if (value is not null)
            {
                claims[name] = value;
            }
        }
    }
}

/// <summary>What a provider does wrong.</summary>
/// <param name="Discovery">Changes the discovery document.</param>
/// <param name="Claims">Changes the claims of ID tokens.</param>
/// <param name="Sign">Writes ID tokens in place of the provider's key.</param>
/// <param name="UserInfoSubject">Subject of userinfo answers.</param>
/// <param name="StatedIssuer">Issuer in the answer to the browser.</param>
public sealed record StandInFaults(
    Action<JsonObject>? Discovery = null, Action<JsonObject>? Claims = null, Func<JsonObject, string>? Sign = null,
    string? UserInfoSubject = null, string? StatedIssuer = null);

/// <summary>An RSA key with an id.</summary>
public sealed record SigningKey(string Id, RSA Rsa)
{
    public static SigningKey Create() => new(Convert.ToHexString(RandomNumberGenerator.GetBytes(4)), RSA.Create(2048));

    /// <summary>The public half as a JWK.</summary>
    public JsonObject Published()
    {
        var key = Rsa.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = Id,
            ["n"] = WebEncoders.Base64UrlEncode(key.Modulus!), ["e"] = WebEncoders.Base64UrlEncode(key.Exponent!),
        };
    }

    public string Sign(JsonObject claims) => Join(
        new JsonObject { ["alg"] = "RS256", ["kid"] = Id, ["typ"] = "JWT" }, claims,
        bytes => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    /// <summary>Writes a token with any header and signature.</summary>
    public static string Join(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var text = $"{Encode(header)}.{Encode(claims)}";
        return $"{text}.{WebEncoders.Base64UrlEncode(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Encode(JsonObject json) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
