using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.AdminApi;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Tests.AdminApi;
using Tollgate.Accounts.Tests.Members;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>Every route of the admin API × keys that may not use it, against <see cref="AdminApiTable"/>.</summary>
public sealed partial class AdminApiMatrixTests : IAsyncLifetime
{
    private const string Mark = "zanzibar";
    private const string Owner = $"ada@{Mark}.example";
    private const string Stranger = "eve@elsewhere.example";

    private readonly Dictionary<string, string> _ids = [];
    private readonly Dictionary<string, string> _own = [];
    private AccountsHost _host = null!;
    private PortalBrowser _ada = null!;
    private PortalBrowser _eve = null!;
    private AdminApiClient _home = null!;
    private AdminApiClient _foreign = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        (_ada, _eve) = (await _host.SignUpAsync(Owner), await _host.SignUpAsync(Stranger));
        (_home, _foreign) = (await AdminApiClient.CreateAsync(_host, _ada, Mark), await AdminApiClient.CreateAsync(_host, _eve));
        await MakeObjectsAsync();
        var project = (await _foreign.PostAsync("/projects", new { name = "Shop" })).Succeeded()["id"]!;
        (_own["project"], _own["user"]) = (project, AdminIds.User.Of(await _host.UserIdAsync(Stranger)));
    }

    public async Task DisposeAsync()
    {
        _home.Dispose();
        _foreign.Dispose();
        _ada.Dispose();
        _eve.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public void Every_route_has_a_row_and_every_row_a_route()
    {
        var routes = AdminRoutes.All.Select(route => Generic($"{route.Method} {route.Path[AdminRoutes.Prefix.Length..]}"));
        var rows = AdminApiTable.Rows.Select(row => Generic(row.Route.Split('?')[0]));

        Assert.Equal(routes.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Another_organizations_key_reads_and_changes_nothing_of_this_one_by_any_route()
    {
        var home = await _host.OrganizationOfAsync(Owner);
        var before = await _host.ChecksumAsync(home);
        List<string> faults = [];

        foreach (var row in AdminApiTable.Rows)
        {
            faults.AddRange(await AskAsync(row, row.Foreign, _ids));
            if (row.Mixed is { } mixed)
            {
                faults.AddRange(await AskAsync(row, mixed, new(_ids) { ["project"] = _own["project"] }, _own["user"]));
            }
        }

        faults.AddRange(OrganizationRows.Differences(before, await _host.ChecksumAsync(home)));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.DoesNotContain(
            _host.Responder.Requests, one => one.PathAndQuery.Contains($"{home}/usage", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(_host.Responder.Requests, one => one.PathAndQuery.EndsWith("/usage/buckets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_api_key_a_revoked_admin_key_and_a_wrong_one_are_refused_by_every_route()
    {
        var apiKey = await _ada.CreateKeyAsync("plain");
        using var revoked = await AdminApiClient.CreateAsync(_host, _ada, "revoked");
        var id = await _host.InScopeAsync<AccountsDb, Guid>(
            db => db.AdminKeys.Where(key => key.Name == "revoked").Select(key => key.Id).SingleAsync());
        (await _home.DeleteAsync($"/admin_api_keys/{AdminIds.Key.Of(id)}")).Succeeded();
        using var plain = new AdminApiClient(_host, apiKey);
        using var wrong = new AdminApiClient(_host, _home.Key[..^1] + (_home.Key[^1] == 'A' ? 'B' : 'A'));
        var home = await _host.OrganizationOfAsync(Owner);
        var before = await _host.ChecksumAsync(home);
        List<string> faults = [];

        foreach (var row in AdminApiTable.Rows)
        {
            foreach (var (client, name, code) in new[]
            {
                (plain, "an API key", "invalid_api_key"), (revoked, "a revoked key", "revoked_api_key"),
                (wrong, "a wrong key", "invalid_api_key"),
            })
            {
                var answer = await SendAsync(client.Key, row, _ids);
                faults.AddRange(answer.Status == 401 && answer.Text.Contains(code, StringComparison.Ordinal)
                    ? [] : [$"{row.Route} with {name}: {answer.Status} {answer.Text}"]);
            }

            var keyless = await SendAsync(null, row, _ids);
            faults.AddRange(keyless.Status == 400 ? [] : [$"{row.Route} without the header of gateways: {keyless.Status}"]);
        }

        faults.AddRange(OrganizationRows.Differences(before, await _host.ChecksumAsync(home)));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private async Task<IReadOnlyList<string>> AskAsync(
        AdminApiRow row, int expected, Dictionary<string, string> ids, string? ownUser = null)
    {
        // The own member stands where a role of the other organization follows.
        var known = ownUser is not null && row.Route.Contains(" /users/", StringComparison.Ordinal)
            ? new Dictionary<string, string>(ids) { ["user"] = ownUser } : ids;
        var answer = await SendAsync(_foreign.Key, row, known);
        List<string> faults = [];
        if (answer.Status != expected)
        {
            faults.Add($"{row.Route}{(ownUser is null ? "" : " with own ids")}: {answer.Status}, not {expected}: {answer.Text}");
        }

        if (answer.Text.Contains(Mark, StringComparison.OrdinalIgnoreCase))
        {
            faults.Add($"{row.Route} names what is the other organization's: {answer.Text}");
        }

        return faults;
    }

    /// <param name="key">Null sends none.</param>
    private async Task<(int Status, string Text)> SendAsync(string? key, AdminApiRow row, IReadOnlyDictionary<string, string> ids)
    {
        var (method, path) = (row.Route.Split(' ')[0], row.Route.Split(' ')[1]);
        using var http = _host.ClientAs("gateway");
        using var request = new HttpRequestMessage(new HttpMethod(method), AdminRoutes.Prefix + Fill(path, ids));
        if (key is not null)
        {
            request.Headers.Add(AdminHeaders.Key, key);
        }

        if (row.Body is { } body)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Fill(body, ids)))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
        }

        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>An object of each kind of the first organization, whose names contain the mark.</summary>
    private async Task MakeObjectsAsync()
    {
        using var mia = await _host.JoinAsync(_ada, $"mia@{Mark}.example");
        var project = (await _home.PostAsync("/projects", new { name = Mark })).Succeeded()["id"]!;
        var account = (await _home.PostAsync($"/projects/{project}/service_accounts", new { name = Mark })).Succeeded();
        _ids["project"] = project;
        _ids["user"] = AdminIds.User.Of(await _host.UserIdAsync($"mia@{Mark}.example"));
        (await _home.PostAsync($"/projects/{project}/users", new { role = "member", user_id = _ids["user"] })).Succeeded();
        _ids["account"] = account["id"]!;
        _ids["key"] = account.Body.GetProperty("api_key").GetProperty("id").GetString()!;
        _ids["limit"] = Assert.Single((await _home.GetAsync($"/projects/{project}/rate_limits")).Ids);
        _ids["role"] = (await _home.PostAsync("/roles", new { role_name = Mark, permissions = (string[])[] })).Succeeded()["id"]!;
        _ids["invite"] = (await _home.PostAsync("/invites", new { email = $"new@{Mark}.example", role = "reader" })).Succeeded()["id"]!;
        _ids["adminKey"] = Assert.Single((await _home.GetAsync("/admin_api_keys")).Ids);
        var alert = new
        {
            threshold_amount = 100_000, currency = "USD", interval = "month",
            notification_channel = new { type = "email", recipients = (string[])[Owner], subject_prefix = Mark },
        };
        _ids["alert"] = (await _home.PostAsync("/spend_alerts", alert)).Succeeded()["id"]!;
        _ids["projectAlert"] = (await _home.PostAsync($"/projects/{project}/spend_alerts", alert)).Succeeded()["id"]!;
    }

    private static string Fill(string text, IReadOnlyDictionary<string, string> ids) =>
        Names().Replace(text, match => ids[match.Groups[1].Value]);

    private static string Generic(string route) => Names().Replace(route, "{}");

    [GeneratedRegex(@"\{([a-zA-Z]+)\}")]
    private static partial Regex Names();
}
