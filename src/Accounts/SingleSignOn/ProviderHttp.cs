using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>
/// Asks identity providers. Their addresses come from customers: https and public addresses only, no redirect, no proxy, 10 s, and 512 KiB.
/// Thread-safe.
/// </summary>
internal sealed class ProviderHttp : IDisposable
{
    private const int MostBytes = 512 * 1024;
    private readonly HttpClient _client;
    private readonly bool _allowsPrivate;

    public ProviderHttp(IOptions<SingleSignOnOptions> options)
    {
        _allowsPrivate = options.Value.AllowPrivateProviders;
#pragma warning disable CA2000 // The client disposes it.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = _allowsPrivate ? null : PublicAddresses.ConnectAsync,
        };
#pragma warning restore CA2000
        _client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = MostBytes };
    }

    /// <summary>Reads an address that a customer or a provider states.</summary>
    /// <param name="name">What it is, for the fault.</param>
    /// <exception cref="ProviderFaultException">It is no https URL, or has a user, a fragment or the name of a private host.</exception>
    public Uri ReadUrl(string? text, string name)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.UserInfo.Length > 0 || url.Fragment.Length > 0
            || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && _allowsPrivate)))
        {
            throw new ProviderFaultException($"{name} is not an https address: {Shorten(text)}");
        }

        if (!_allowsPrivate && (Loopback.IsHost(url.IdnHost)
            || (IPAddress.TryParse(url.IdnHost.Trim('[', ']'), out var address) && !PublicAddresses.IsPublic(address))))
        {
            throw new ProviderFaultException($"{name} leads to a private network, which this installation does not allow: {url.Host}");
        }

        return url;
    }

    /// <summary>Sends a request and reads the answer, whatever its status.</summary>
    /// <param name="name">What is asked, for the fault.</param>
    /// <exception cref="ProviderFaultException">No answer, or one that is too long.</exception>
    public async Task<(HttpStatusCode Status, string Text)> SendAsync(
        HttpRequestMessage request, string name, CancellationToken cancellationToken)
    {
        request.Headers.Accept.Add(new("application/json"));
        try
        {
            using var response = await _client.SendAsync(request, cancellationToken);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException exception)
        {
            throw new ProviderFaultException($"{name} is not reachable: {exception.Message}", exception);
        }
        catch (TaskCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProviderFaultException($"{name} did not answer within {_client.Timeout.TotalSeconds:0} s.", exception);
        }
        catch (InvalidOperationException exception)
        {
            throw new ProviderFaultException($"{name} answered in an unknown character set.", exception);
        }
    }

    /// <summary>Reads a JSON object.</summary>
    /// <exception cref="ProviderFaultException">Another status than 200, or no object.</exception>
    public async Task<JsonElement> GetJsonAsync(Uri url, string name, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var (status, text) = await SendAsync(request, name, cancellationToken);
        return status == HttpStatusCode.OK
            ? ReadObject(text, name)
            : throw new ProviderFaultException($"{name} at {url} answered {(int)status} instead of 200.");
    }

    /// <exception cref="ProviderFaultException">The text is no JSON object.</exception>
    public static JsonElement ReadObject(string text, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ProviderFaultException($"{name} is not a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new ProviderFaultException($"{name} is not JSON.", exception);
        }
    }

    public void Dispose() => _client.Dispose();

    private static string Shorten(string? text) => text switch
    {
        null => "missing",
        { Length: > 100 } => text[..100] + "…",
        _ => text,
    };
}
