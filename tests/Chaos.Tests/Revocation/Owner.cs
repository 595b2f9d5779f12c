using System.Net;
using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Revocation;

/// <summary>The installation's operator at the portal's own pages, without a browser. Thread-safe once signed in.</summary>
internal sealed partial class Owner : IDisposable
{
    private readonly HttpClient _http;

    private Owner(string portal) => _http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() })
    {
        BaseAddress = new Uri(portal),
    };

    public static async Task<Owner> SignInAsync(string portal, string email, string password)
    {
        var owner = new Owner(portal);
        var form = await owner.OpenAsync("/sign-in", "Input.Email");
        var page = await owner.SendAsync(form.With("Input.Email", email).With("Input.Password", password));
        Assert.Contains("Sign out", page, StringComparison.Ordinal);
        return owner;
    }

    /// <summary>Makes a key; its id and its text.</summary>
    public async Task<(Guid KeyId, string Text)> CreateKeyAsync(string name)
    {
        var form = (await OpenAsync("/keys/new", "Input.Name")).With("Input.Name", name);
        var text = KeyText().Match(await SendAsync(form)).Groups[1].Value;
        return (Guid.Parse(form.Fields.Single(field => field.Key == "Input.RequestId").Value), text);
    }

    /// <summary>The form of a page that contains <paramref name="mark"/>.</summary>
    public async Task<HtmlForm> OpenAsync(string path, string mark) =>
        HtmlForm.Find(await _http.GetStringAsync(path), new Uri(_http.BaseAddress!, path), mark);

    public Task<string> ReadAsync(string path) => _http.GetStringAsync(path);

    /// <exception cref="HttpRequestException">Accounts died under it, or answered with an error.</exception>
    public async Task<string> SendAsync(HtmlForm form)
    {
        using var response = await _http.PostAsync(form.Action, new FormUrlEncodedContent(form.Fields));
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("id=\"key-text\"[^>]*>([^<]+)<")]
    private static partial Regex KeyText();
}
