using System.Net;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Portal;

/// <summary>How the portal and the API are reached. Never taken from a request's Host header, which the client chooses.</summary>
internal sealed class PortalAddress(IOptions<PortalOptions> options, IConfiguration configuration)
{
    private Func<string>? _listening;

    /// <summary>Address of the portal without a slash at the end.</summary>
    public string Url =>
        (options.Value.PublicUrl ?? _listening?.Invoke() ?? throw new InvalidOperationException("The portal is not started."))
        .TrimEnd('/');

    /// <summary>Base address for OpenAI clients, with <c>/v1</c>.</summary>
    public string ApiUrl
    {
        get
        {
            var url = options.Value.ApiBaseUrl.TrimEnd('/');
            return url.EndsWith("/v1", StringComparison.Ordinal) ? url : url + "/v1";
        }
    }

    /// <summary>Whether browsers come over TLS.</summary>
    public bool IsHttps => options.Value.PublicUrl?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether only this machine can reach the portal: bound to loopback, and no
    /// public address leads to it through a proxy.</summary>
    public bool IsLoopback =>
        IsLoopbackHost(configuration["Listen:Public"]) && (options.Value.PublicUrl is null || IsLoopbackHost(options.Value.PublicUrl));

    public void ListensAt(Func<string> listening) => _listening = listening;

    private static bool IsLoopbackHost(string? url)
    {
        if (string.IsNullOrEmpty(url))
        {
            return true; // No public listener at all.
        }

        var host = BindingAddress.Parse(url).Host.Trim('[', ']');
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
    }
}
