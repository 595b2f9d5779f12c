using System.Net;
using System.Text.RegularExpressions;
using MimeKit;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests;

/// <summary>Opens pages and sends their forms as a browser without scripts would: with
/// cookies, hidden fields and no redirect followed unseen.</summary>
internal sealed partial class PortalBrowser : IDisposable
{
    public const string Password = "correct horse battery";

    private readonly HttpClient _client;
    private readonly string _mailFolder;
    private readonly CookieContainer _cookies = new();

    /// <param name="from">Client address that a trusted proxy would report.</param>
    public PortalBrowser(string url, string mailFolder, string? from = null)
    {
        _mailFolder = mailFolder;
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = _cookies })
        {
            BaseAddress = new Uri(url),
        };
        _client.DefaultRequestHeaders.Add("Origin", url); // As browsers do with forms.
        if (from is not null)
        {
            _client.DefaultRequestHeaders.Add("X-Forwarded-For", from);
        }
    }

    /// <summary>Value of a cookie; null when the browser has none.</summary>
    public string? Cookie(string name) => _cookies.GetAllCookies().FirstOrDefault(cookie => cookie.Name == name)?.Value;

    /// <summary>Makes the browser send a cookie that it did not get.</summary>
    public void Plant(string name, string value) => _cookies.Add(_client.BaseAddress!, new Cookie(name, value, "/"));

    public async Task<Page> OpenAsync(string path)
    {
        using var response = await _client.GetAsync(path);
        return await Page.ReadAsync(response);
    }

    /// <summary>The bytes of a download.</summary>
    public Task<byte[]> DownloadAsync(string path) => _client.GetByteArrayAsync(path);

    /// <summary>Sends a request with the browser's cookies.</summary>
    public async Task<Page> SendAsync(HttpRequestMessage request)
    {
        using var response = await _client.SendAsync(request);
        return await Page.ReadAsync(response);
    }

    /// <summary>Opens a page, fills one of its forms and sends it.</summary>
    /// <param name="handler">Name of the form.</param>
    public async Task<Page> SubmitAsync(string path, string handler, params (string Name, string Value)[] fields) =>
        await SendAsync(path, await HiddenFieldsAsync(path, handler), fields);

    /// <param name="fields">A name may come more than once, as ticked boxes do.</param>
    public async Task<Page> SendAsync(string path, IReadOnlyDictionary<string, string> hidden, params (string Name, string Value)[] fields)
    {
        var all = hidden.Where(h => fields.All(f => f.Name != h.Key)).Concat(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var content = new FormUrlEncodedContent(all);
        using var response = await _client.PostAsync(path, content);
        return await Page.ReadAsync(response);
    }

    /// <summary>Sends a form whose answer leads to another page, and opens that.</summary>
    public async Task<Page> SubmitAndFollowAsync(string path, string handler, params (string Name, string Value)[] fields)
    {
        var answer = await SubmitAsync(path, handler, fields);
        Assert.True(answer.Status == HttpStatusCode.Redirect, answer.Html);
        return await OpenAsync(answer.Location!);
    }

    public async Task<Dictionary<string, string>> HiddenFieldsAsync(string path, string handler)
    {
        var page = await OpenAsync(path);
        var form = Forms().Matches(page.Html).Select(m => m.Value).First(
            f => f.Contains($"name=\"_handler\" value=\"{handler}\"", StringComparison.Ordinal));
        return Inputs().Matches(form).Where(m => m.Value.Contains("type=\"hidden\"", StringComparison.Ordinal))
            .ToDictionary(m => Name().Match(m.Value).Groups[1].Value, m => WebUtility.HtmlDecode(Value().Match(m.Value).Groups[1].Value));
    }

    public Task<Page> SignUpAsync(string email, string password = Password) =>
        SubmitAsync("/sign-up", "sign-up", ("Input.Email", email), ("Input.Password", password));

    public Task<Page> SignInAsync(string email, string password = Password, string path = "/sign-in") =>
        SubmitAsync(path, "sign-in", ("Input.Email", email), ("Input.Password", password));

    /// <summary>Opens a mailed confirmation link and sends its form.</summary>
    /// <param name="password">For a browser that did not sign up.</param>
    public Task<Page> ConfirmAsync(string link, string? password = null) =>
        SubmitAsync(link, "confirm-email", password is null ? [] : [("Input.Password", password)]);

    /// <summary>Makes a key by the form and returns its text.</summary>
    public async Task<string> CreateKeyAsync(string name, params (string Name, string Value)[] more)
    {
        return KeyTextOn(await SubmitAsync("/keys/new", "new-key", [("Input.Name", name), .. more]));
    }

    /// <summary>The text of a key on the page that shows it once.</summary>
    public static string KeyTextOn(Page page)
    {
        var shown = KeyText().Match(page.Html);
        Assert.True(shown.Success, page.Html);
        return shown.Groups[1].Value;
    }

    /// <summary>The public id in a key's text.</summary>
    public static string PublicIdOf(string text)
    {
        Assert.True(ApiKeyText.TryParse(text, out var publicId, out _), text);
        return publicId;
    }

    /// <summary>The link in the newest mail to an address, as a path; waits for it.</summary>
    public async Task<string> LinkOfMailAsync(string email, string subject = "Confirm")
    {
        var link = await Until.ValueAsync(
            async () =>
            {
                foreach (var file in Directory.EnumerateFiles(_mailFolder, "*.eml").OrderDescending())
                {
                    using var message = await MimeMessage.LoadAsync(file);
                    if (message.To.ToString() == email && message.Subject?.StartsWith(subject, StringComparison.Ordinal) == true)
                    {
                        return Link().Match(message.TextBody ?? "").Value;
                    }
                }

                return null;
            },
            $"a mail to {email}");
        return new Uri(link).PathAndQuery;
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<input[^>]*>")]
    private static partial Regex Inputs();

    [GeneratedRegex("name=\"([^\"]*)\"")]
    private static partial Regex Name();

    [GeneratedRegex("value=\"([^\"]*)\"")]
    private static partial Regex Value();

    [GeneratedRegex("id=\"key-text\"[^>]*>([^<]+)<")]
    private static partial Regex KeyText();

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Link();
}

/// <summary>An answer to a browser.</summary>
internal sealed record Page(HttpStatusCode Status, string? Location, string Html, IReadOnlyDictionary<string, string> Headers)
{
    public static async Task<Page> ReadAsync(HttpResponseMessage response) => new(
        response.StatusCode,
        response.Headers.Location?.OriginalString,
        await response.Content.ReadAsStringAsync(),
        response.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
}
