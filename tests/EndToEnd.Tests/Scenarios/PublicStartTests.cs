using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>A start with every setting that the README names: each goes before what <c>up</c> would have taken.</summary>
public sealed class PublicStartTests(PublicStartTests.PublicTollgate installation) : IClassFixture<PublicStartTests.PublicTollgate>
{
    private const string Portal = "https://portal.example.test";
    private const string Api = "https://api.example.test/v1";
    private static readonly string WebhookSecret = "whsec_" + new string('7', 32);

    [Fact]
    public async Task Portal_PublicUrl_and_Hsts_make_cookies_secure_and_pages_insist_on_TLS()
    {
        using var page = await installation.GetAsync("/sign-in");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.All(page.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase));
        Assert.Equal("max-age=31536000", page.Headers.GetValues("Strict-Transport-Security").Single());
    }

    [Fact]
    public async Task Portal_ApiBaseUrl_stands_in_the_examples_and_beside_the_address_in_the_terminal()
    {
        using var page = await installation.GetAsync("/");

        Assert.Contains(Api, await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains($"(for customers {Api})", installation.Running.Printed, StringComparison.Ordinal);
        Assert.Contains($"(for customers {Portal})", installation.Running.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_goes_to_the_server_with_links_to_the_public_address_and_no_page_shows_it()
    {
        await installation.AskForNewPasswordAsync("boss@example.test");
        var letter = await Until.ValueAsync(() => Task.FromResult(installation.Mail.Letters.FirstOrDefault()), "a letter arrives");
        using var page = await installation.GetAsync("/dev/mail");
        using var withToken = await installation.GetAsync("/dev/mail?token=" + installation.Secret("development"));

        Assert.Contains("To: boss@example.test", letter, StringComparison.Ordinal); // The address that --admin-email chose.
        Assert.Contains($"{Portal}/reset-password", letter, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", letter, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, withToken.StatusCode);
        Assert.Equal(JsonValueKind.Null, installation.Endpoints.GetProperty("mail").ValueKind);
    }

    [Fact]
    public async Task OpenAi_StrictTransportSecurity_is_sent_by_the_API()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(installation.Endpoints.GetProperty("api").GetString() + "/v1/models");

        Assert.True(answer.Headers.Contains("Strict-Transport-Security"));
    }

    [Fact]
    public async Task Proxies_Trusted_lets_the_API_count_unknown_keys_by_the_address_that_the_proxy_forwards()
    {
        const int Allowed = 30; // Keys:FailuresPerMinute.
        var statuses = new List<HttpStatusCode>();
        for (var attempt = 0; attempt <= Allowed; attempt++)
        {
            statuses.Add(await installation.TryUnknownKeyAsync("203.0.113.7"));
        }

        var other = await installation.TryUnknownKeyAsync("203.0.113.8");

        Assert.Equal(HttpStatusCode.Unauthorized, statuses[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.Equal(HttpStatusCode.Unauthorized, other);
    }

    [Fact]
    public async Task Stripe_keys_in_files_put_the_stand_in_out_of_use()
    {
        using var rightSecret = await installation.SendEventAsync(WebhookSecret);
        using var ourOwnSecret = await installation.SendEventAsync("whsec_tollgate");

        Assert.Equal(JsonValueKind.Null, installation.Endpoints.GetProperty("stripe").ValueKind);
        Assert.True(rightSecret.IsSuccessStatusCode, $"{rightSecret.StatusCode}");
        Assert.Equal(HttpStatusCode.BadRequest, ourOwnSecret.StatusCode);
    }

    [Fact]
    public void AllInOne_Postgres_and_Redis_are_used_instead_of_private_ones()
    {
        var ids = installation.Endpoints.GetProperty("pids");

        Assert.Equal(JsonValueKind.Null, ids.GetProperty("postgres").ValueKind);
        Assert.Equal(JsonValueKind.Null, ids.GetProperty("redis").ValueKind);
        Assert.Equal(installation.Redis, installation.Endpoints.GetProperty("redis").GetString());
    }

    [Theory]
    [InlineData("portal.example.test", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)] // nginx sends the name of its upstream unless it is told otherwise.
    [InlineData("portal.example.test.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    public async Task Portal_answers_only_under_names_that_it_knows(string host, HttpStatusCode status)
    {
        using var page = await installation.GetAsync("/sign-in", host);

        Assert.Equal(status, page.StatusCode);
    }

    /// <summary>An installation with a public address, a mail server, an account at Stripe, and servers of the operator's.</summary>
    public sealed class PublicTollgate : IAsyncLifetime, IDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        private RedisServer? _redis;

        internal MailSink Mail { get; } = new();

        internal RunningTollgate Running { get; private set; } = null!;

        internal string Redis => _redis!.ConnectionString;

        internal JsonElement Endpoints { get; private set; }

        /// <summary>Calls the API as the proxy does for a client that guesses a key.</summary>
        internal async Task<HttpStatusCode> TryUnknownKeyAsync(string client)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Endpoints.GetProperty("api").GetString() + "/v1/models");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiKeyText.Create().Text);
            request.Headers.Add("X-Forwarded-For", client);
            using var answer = await _http.SendAsync(request);
            return answer.StatusCode;
        }

        public async Task InitializeAsync()
        {
            _redis = await RedisServer.StartAsync();
            var files = TestFolder.Create("settings");
            Running = await RunningTollgate.StartAsync(
                new Dictionary<string, string>
                {
                    ["TOLLGATE__Portal__PublicUrl"] = Portal,
                    ["TOLLGATE__Portal__ApiBaseUrl"] = Api,
                    ["TOLLGATE__Portal__Hsts"] = "true",
                    ["TOLLGATE__OpenAi__StrictTransportSecurity"] = "true",
                    ["TOLLGATE__Proxies__Trusted__0"] = "127.0.0.1/32",
                    ["TOLLGATE__Mail__SmtpHost"] = "127.0.0.1",
                    ["TOLLGATE__Mail__SmtpPort"] = $"{Mail.Port}",
                    ["TOLLGATE__Mail__SmtpAllowPlain"] = "true",
                    ["TOLLGATE__Stripe__ApiKey_FILE"] = Write(files, "stripe-key", "sk_test_1"),
                    ["TOLLGATE__Stripe__WebhookSecret_FILE"] = Write(files, "stripe-webhook", WebhookSecret),
                    ["TOLLGATE__Stripe__ApiBase"] = "http://127.0.0.1:1", // Nobody is there: no test asks the real one.
                    ["TOLLGATE__AllInOne__Postgres_FILE"] = Write(files, "postgres", await PostgresServer.SuperuserAsync()),
                    ["TOLLGATE__AllInOne__Redis"] = Redis,
                },
                more: ["--admin-email", "boss@example.test"]);
            Endpoints = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(Running.Data, "endpoints.json")));
        }

        public async Task DisposeAsync()
        {
            await Running.DisposeAsync();
            await _redis!.DisposeAsync();
        }

        public void Dispose()
        {
            Mail.Dispose();
            _http.Dispose();
        }

        internal string Secret(string name) => File.ReadAllText(Path.Combine(Running.Data, "secrets", name)).Trim();

        /// <summary>GETs a page of the portal as a proxy in front of it would.</summary>
        internal async Task<HttpResponseMessage> GetAsync(string path, string host = "portal.example.test")
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Endpoints.GetProperty("portal").GetString() + path);
            request.Headers.Host = host;
            request.Headers.Add("X-Forwarded-For", "203.0.113.5");
            return await _http.SendAsync(request);
        }

        internal async Task AskForNewPasswordAsync(string email)
        {
            var url = new Uri(Endpoints.GetProperty("portal").GetString() + "/forgot-password");
            using var page = await _http.GetAsync(url);
            var form = HtmlForm.Find(await page.Content.ReadAsStringAsync(), url, "Input.Email").With("Input.Email", email);
            using var request = new HttpRequestMessage(HttpMethod.Post, form.Action) { Content = new FormUrlEncodedContent(form.Fields) };
            // Secure, over plain HTTP.
            request.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));
            using var answer = await _http.SendAsync(request);
            Assert.True((int)answer.StatusCode < 400, $"{answer.StatusCode}");
        }

        /// <summary>Sends an event that concerns nobody, signed as Stripe signs.</summary>
        internal async Task<HttpResponseMessage> SendEventAsync(string secret)
        {
            var at = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            var body = $$$$"""{"id":"evt_{{{{at}}}}","object":"event","type":"ping","created":{{{{at}}}},"data":{"object":{}}}""";
            var signature = Convert.ToHexStringLower(
                HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{at}.{body}")));
            using var request = new HttpRequestMessage(HttpMethod.Post, Endpoints.GetProperty("portal").GetString() + "/stripe/webhook")
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            request.Headers.Add("Stripe-Signature", $"t={at},v1={signature}");
            return await _http.SendAsync(request);
        }

        private static string Write(string folder, string name, string text)
        {
            var path = Path.Combine(folder, name);
            File.WriteAllText(path, text + "\n");
            return path;
        }
    }
}
