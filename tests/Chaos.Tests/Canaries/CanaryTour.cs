using System.Net;
using System.Text;
using Tollgate.Chaos.Tests.Hostile;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Canaries;

/// <summary>
/// Leads canaries through everything that a cluster does well and badly: calls, refusals, the portal, and parts that are away.
/// </summary>
internal sealed class CanaryTour(TollgateCluster cluster, Canaries canaries) : IDisposable
{
    private const string Mail = "operator@tollgate.localhost";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(8) };
    private readonly string _password = canaries.Plant("the operator's password", "Aa1-");
    private string _key = "";

    /// <summary>Statuses of all answers, so that a test can tell that the tour went where it should.</summary>
    public List<HttpStatusCode> Answers { get; } = [];

    public async Task RunAsync()
    {
        foreach (var (number, secret) in cluster.Secrets.All.Index())
        {
            canaries.Watch($"secret {number}", secret);
        }

        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var first = await client.PostAsync(
            "accounts", cluster.AccountsInternal + "/internal/bootstrap", new Bootstrap(Mail, _password),
            ContractsJson.Default.Bootstrap, ContractsJson.Default.Bootstrapped);
        _key = first.KeyText!;
        canaries.Watch("the key", _key);
        canaries.Watch("the key's secret", _key.Split('-')[3]);
        canaries.Watch("what is spoken", "might even have been");
        canaries.Watch("what is written in a picture", "lantern");
        foreach (var plan in CallKind.All.SelectMany(kind => kind.Forms("Hi")))
        {
            await Until.TrueAsync(async () => await SendAsync(plan) == HttpStatusCode.OK, plan.Kind, Patience);
        }

        await CallWellAsync();
        await CallBadlyAsync();
        await ShowWrongKeysAsync();
        await VisitPortalAsync();
        await SendHostileAsync();
        await AwayAsync(cluster.Workers[0], CallWellAsync);
        await AwayAsync(cluster.Redis, CallWellAsync, ShowWrongKeysAsync);
        await AwayAsync(cluster.Postgres, CallWellAsync, ShowWrongKeysAsync, VisitPortalAsync);
        await AwayAsync(cluster.Billing, CallWellAsync, VisitPortalAsync);
        await AwayAsync(cluster.Accounts, CallWellAsync, ShowWrongKeysAsync);
        await Until.TrueAsync(
            async () => await PostAsync("/v1/chat/completions", Chat("Hi")) == HttpStatusCode.OK, "all are back", Patience);
    }

    public void Dispose() => _http.Dispose();

    private async Task CallWellAsync()
    {
        var prompt = canaries.Plant("a prompt");
        await PostAsync("/v1/chat/completions", Chat(prompt, $",\"stop\":[\"{prompt}\"],\"user\":\"{canaries.Plant("the user member")}\""));
        await PostAsync(
            "/v1/completions", $$"""{"model":"tiny-assistant","prompt":"{{canaries.Plant("an answer")}}","echo":true,"max_tokens":2}""");
        await PostAsync(
            "/v1/rerank", $$"""{"model":"tiny-embed","query":"a gate","documents":["{{canaries.Plant("a document")}}"]}""");
        await PostAsync(
            PublicEndpoint.ImageGenerations.Path,
            $$"""{"model":"tiny-painter","prompt":"a tree","negative_prompt":"{{canaries.Plant("what is not to be drawn")}}","steps":2}""");
        foreach (var plan in CallKind.All.SelectMany(kind => kind.Forms(canaries.Plant($"the words of a {kind.Name}"))))
        {
            await SendAsync(plan.Upload is not { } upload ? plan : plan with
            {
                Upload = upload with { Name = canaries.Plant("a file's name") + Path.GetExtension(upload.Name) },
            });
        }
    }

    private async Task CallBadlyAsync()
    {
        await PostAsync("/v1/chat/completions", Chat(canaries.Plant("a prompt of broken JSON")) + "}");
        await PostAsync("/v1/chat/completions", Chat("Hi", $",\"{canaries.Plant("an unknown member")}\":1"));
        await PostAsync("/v1/chat/completions", Chat("Hi", $",\"temperature\":\"{canaries.Plant("a member of a wrong type")}\""));
        await PostAsync("/v1/chat/completions", $$"""{"model":"{{canaries.Plant("a model that is none")}}","messages":[]}""");
        await PostAsync("/v1/completions", $$"""{"model":"{{canaries.Plant("a model that is none, well-formed")}}","prompt":"x"}""");
        await PostAsync("/v1/chat/completions", Chat(canaries.Plant("a prompt that is too long") + new string('x', 5_000_000)));
        await PostAsync(
            "/v1/chat/completions",
            Chat(canaries.Plant("a prompt beyond the context") + string.Concat(Enumerable.Repeat(" a b", 900))));
        await PostAsync("/v1/chat/completions?api_key=" + canaries.Plant("a query string"), Chat("Hi"));
        await PostAsync("/v1/" + canaries.Plant("a path"), Chat("Hi"));
        await PostAsync("/" + canaries.Plant("a path outside"), Chat("Hi"));
        await SendAsync(HttpMethod.Get, cluster.Api[0] + "/v1/models/" + canaries.Plant("a model's name in a path"), null, Mine);
        await SendAsync(
            HttpMethod.Post, cluster.Api[0] + "/v1/chat/completions",
            new StringContent(canaries.Plant("a body of another type"), Encoding.UTF8, "text/plain"), Mine);
    }

    private async Task ShowWrongKeysAsync()
    {
        var unknown = ApiKeyText.Create();
        canaries.Watch("a key that nobody made", unknown.Secret);
        string[] authorizations =
        [
            $"Bearer {unknown.Text}", $"Bearer {_key[..^2]}{canaries.Plant("a key with more behind it")}",
            $"Bearer {canaries.Plant("another provider's key", "sk-proj-")}", $"Basic {canaries.Plant("basic credentials")}",
            $"Bearer {canaries.Plant("two words")} {canaries.Plant("the second word")}", canaries.Plant("a bare key"), $"Bearer {_key} ",
        ];
        foreach (var authorization in authorizations)
        {
            await SendAsync(HttpMethod.Post, cluster.Api[0] + "/v1/chat/completions", Json(Chat("Hi")), ("Authorization", authorization));
        }

        await SendAsync(
            HttpMethod.Post, cluster.Api[0] + "/v1/messages", Json(Chat("Hi")), ("x-api-key", canaries.Plant("an x-api-key header")),
            ("anthropic-version", canaries.Plant("a version")));
        await SendAsync(
            HttpMethod.Get, cluster.Api[0] + "/v1/models", null, ("api-key", canaries.Plant("an api-key header")),
            ("Cookie", "session=" + canaries.Plant("a cookie")), ("X-Client-Request-Id", _key));
        await SendAsync(
            HttpMethod.Post, cluster.AccountsInternal + "/internal/keys/resolve", Json("{}"),
            ("Authorization", $"Bearer {canaries.Plant("a service's bearer")}"));
    }

    /// <summary>Signs in with wrong passwords and the right one, signs up, and sends what Stripe never sent.</summary>
    private async Task VisitPortalAsync()
    {
        using var handler = new SocketsHttpHandler { CookieContainer = new CookieContainer() };
        using var browser = new HttpClient(handler) { BaseAddress = new Uri(cluster.Portal), Timeout = TimeSpan.FromSeconds(8) };
        await SubmitAsync(browser, "/sign-in", canaries.Plant("a wrong password"));
        await SubmitAsync(browser, "/sign-in", _password);
        await SubmitAsync(browser, "/sign-up", canaries.Plant("a new password", "Aa1-"));
        foreach (var cookie in handler.CookieContainer.GetAllCookies().Where(cookie => cookie.Value.Length > 20))
        {
            canaries.Watch($"the cookie {cookie.Name}", cookie.Value);
        }

        await SendAsync(
            HttpMethod.Post, cluster.Portal + "/stripe/webhook", Json($$"""{"id":"{{canaries.Plant("a webhook's body")}}"}"""),
            ("Stripe-Signature", $"t=1,v1={canaries.Plant("a webhook's signature")}"));
    }

    private async Task SubmitAsync(HttpClient browser, string path, string password)
    {
        try
        {
            var page = await browser.GetStringAsync(path);
            var form = HtmlForm.Find(page, new Uri(browser.BaseAddress!, path), "Input.Email")
                .With("Input.Email", path == "/sign-in" ? Mail : $"{Guid.NewGuid():N}@tollgate.localhost").With("Input.Password", password);
            using var response = await browser.PostAsync(form.Action, new FormUrlEncodedContent(form.Fields));
            Answers.Add(response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or InvalidOperationException)
        {
            Answers.Add(HttpStatusCode.ServiceUnavailable); // Nobody at home just now: that is a path too.
        }
    }

    private async Task SendHostileAsync()
    {
        var hostile = new HostileClient(new Uri(cluster.Api[0]));
        var generator = new HostileGenerator(20_263, _key);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 300), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (number, _) => await hostile.SendAsync(generator.Make(number) with { Pause = default }, number));
        foreach (var broken in new[] { "\0", "\x7f\r", "\xff", " \r\n folded", "\n" })
        {
            await hostile.SendAsync(
                new HostileRequest(
                    "key", [HttpText.Bytes($"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_key}{broken}\r\n\r\n")],
                    Ending.HalfClose),
                0);
        }
    }

    /// <summary>Kills a part, walks through <paramref name="visits"/> without it, and starts it again.</summary>
    private static async Task AwayAsync(ClusterProcess part, params Func<Task>[] visits)
    {
        var under = visits[0](); // Some calls lose the part under their hands.
        await part.KillAsync();
        await under;
        foreach (var visit in visits)
        {
            await visit();
        }

        await part.StartAsync();
    }

    private static string Chat(string content, string members = "") =>
        $$"""{"model":"tiny-assistant","max_tokens":8,"messages":[{"role":"user","content":"{{content}}"}]{{members}}}""";

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private (string Name, string Value) Mine => ("Authorization", $"Bearer {_key}");

    private Task<HttpStatusCode> SendAsync(CallPlan plan) =>
        SendAsync(HttpMethod.Post, cluster.Api[0] + plan.Url, plan.MakeContent(), Mine);

    private Task<HttpStatusCode> PostAsync(string path, string body) =>
        SendAsync(HttpMethod.Post, cluster.Api[0] + path, Json(body), Mine);

    private async Task<HttpStatusCode> SendAsync(
        HttpMethod method, string url, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await _http.SendAsync(request);
            await response.Content.ReadAsStringAsync();
            Answers.Add(response.StatusCode);
            return response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return 0; // The answer broke off, which a killed part may do.
        }
    }
}
