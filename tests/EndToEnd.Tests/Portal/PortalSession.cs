using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>Somebody signed in to the portal, without a browser: it gets pages and sends their forms.</summary>
internal sealed class PortalSession : IDisposable
{
    private readonly HttpClient _http;

    private PortalSession(string portal) =>
        _http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(portal) };

    public static async Task<PortalSession> SignInAsync(string portal, (string Email, string Password) user)
    {
        var session = new PortalSession(portal);
        var page = await session.SubmitAsync(
            "/sign-in", "Input.Email", form => form.With("Input.Email", user.Email).With("Input.Password", user.Password));
        Assert.Contains("Sign out", page, StringComparison.Ordinal);
        return session;
    }

    /// <summary>A page as it comes.</summary>
    public Task<string> GetAsync(string path) => _http.GetStringAsync(path);

    /// <summary>The number under <c>Requests</c> on the usage page.</summary>
    public async Task<long> RequestsOnUsagePageAsync() => Figure(await _http.GetStringAsync("/usage"), "Requests");

    /// <summary>The number of requests on the operator's first page.</summary>
    public async Task<long> RequestsOnAdminPageAsync() => Figure(await _http.GetStringAsync("/admin"), "Requests today");

    /// <summary>Makes a key and returns its text.</summary>
    public async Task<string> CreateKeyAsync(string name)
    {
        var page = await SubmitAsync("/keys/new", "Input.Name", form => form.With("Input.Name", name));
        return Regex.Match(page, "id=\"key-text\"[^>]*>([^<]+)<").Groups[1].Value;
    }

    /// <summary>Revokes a key by the link in its row and the page that asks once more.</summary>
    public async Task RevokeKeyAsync(string name)
    {
        var link = Regex.Match(
            await _http.GetStringAsync("/keys"), $"href=\"([^\"]+/revoke)\"[^>]*aria-label=\"Revoke {Regex.Escape(name)}\"");
        var page = await SubmitAsync(link.Groups[1].Value, "Revoke key", form => form);
        Assert.Contains("Acknowledged", page, StringComparison.Ordinal);
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> SubmitAsync(string path, string mark, Func<HtmlForm, HtmlForm> fill)
    {
        var form = fill(HtmlForm.Find(await _http.GetStringAsync(path), new Uri(_http.BaseAddress!, path), mark));
        using var response = await _http.PostAsync(form.Action, new FormUrlEncodedContent(form.Fields));
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    private static long Figure(string html, string heading)
    {
        var match = Regex.Match(html, $"<h2>{heading}</h2>\\s*<p class=\"figure[^\"]*\"[^>]*>([\\d,]+)<");
        Assert.True(match.Success, $"no figure under {heading} in {html}");
        return long.Parse(match.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }
}
