using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Explanations;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Tests.Projects;

/// <summary>Projects, who may use them, and whose keys there are.</summary>
public sealed class ProjectTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private PortalBrowser _ada = null!;
    private Guid _organization;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _ada = await _host.SignUpAsync();
        _organization = await _host.InScopeAsync<AccountsDb, Guid>(db => db.Organizations.Select(o => o.Id).SingleAsync());
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_project_is_made_once_renamed_and_found_in_the_list()
    {
        var hidden = await _ada.HiddenFieldsAsync("/projects/new", "new-project");
        var made = await _ada.SendAsync("/projects/new", hidden, ("Input.Name", "  Shop "));
        var again = await _ada.SendAsync("/projects/new", hidden, ("Input.Name", "Shop"));
        var taken = await _ada.SubmitAsync("/projects/new", "new-project", ("Input.Name", "sHOP"));
        var nameless = await _ada.SubmitAsync("/projects/new", "new-project", ("Input.Name", "  "));
        var project = await ProjectAsync("Shop");

        var renamed = await _ada.SubmitAndFollowAsync($"/projects/{project.Id}", "rename", ("Input.Name", "Till"));
        var clash = await _ada.SubmitAsync($"/projects/{project.Id}", "rename", ("Input.Name", "default"));

        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Redirect), (made.Status, again.Status));
        Assert.Contains("Another project of the organization has this name.", taken.Html, StringComparison.Ordinal);
        Assert.Contains("Give it a name.", nameless.Html, StringComparison.Ordinal);
        Assert.Contains("<h1>Till</h1>", renamed.Html, StringComparison.Ordinal);
        Assert.Contains("Another project of the organization has this name.", clash.Html, StringComparison.Ordinal);
        var list = await _ada.OpenAsync("/projects");
        Assert.Contains($"/projects/{project.Id}\">Till</a>", list.Html, StringComparison.Ordinal);
        Assert.Equal(["project.create", "project.rename"], await ActionsAsync(project.Id.ToString()));
    }

    [Fact]
    public async Task Models_limits_and_budgets_reach_the_policy_and_a_wrong_form_changes_nothing()
    {
        var project = await CreateAsync("Shop");
        var path = $"/projects/{project.Id}";

        var refused = await _ada.SubmitAsync(
            path, "settings", ("Settings.Models.ModelRule", "only"), ("Settings.Limits[rpm]", "many"), ("Settings.SoftBudget", "-1"));
        var unchanged = await ProjectAsync("Shop");
        var saved = await _ada.SubmitAndFollowAsync(
            path, "settings", ("Settings.Models.ModelRule", "only"), ("Settings.Models.Models", "tiny-embed"),
            ("Settings.Limits[rpm]", "50"), ("Settings.Limits[budget_month]", "12.5"), ("Settings.SoftBudget", "10"));
        var policy = await PolicyAsync();

        Assert.Contains("Tick at least one model, or choose all.", refused.Html, StringComparison.Ordinal);
        Assert.Contains("Digits alone, 1 to 1,000,000,000; or empty.", refused.Html, StringComparison.Ordinal);
        Assert.Contains("0.000001 to 1,000,000; or empty.", refused.Html, StringComparison.Ordinal);
        Assert.Equal((Limits.None, null, null), (unchanged.Limits, unchanged.ModelsAllowed, unchanged.SoftBudgetNanoUsd));
        Assert.Contains("in force from the next request on", saved.Html, StringComparison.Ordinal);
        var rules = policy.ProjectRules![project.Id.ToString("N")];
        Assert.Equal(("Shop", false), (rules.Name, rules.Archived));
        Assert.Equal(["tiny-embed"], rules.ModelsAllowed!);
        Assert.Equal(
            new Limits { RequestsPerMinute = 50, BudgetPerMonthNanoUsd = 12_500_000_000 }, policy.Projects[project.Id.ToString("N")]);
        Assert.Equal(10_000_000_000, (await ProjectAsync("Shop")).SoftBudgetNanoUsd);
    }

    [Fact]
    public async Task A_project_over_its_soft_budget_says_so_and_refuses_nothing()
    {
        var project = await CreateAsync("Shop");
        await _ada.SubmitAndFollowAsync($"/projects/{project.Id}", "settings", ("Settings.SoftBudget", "10"));
        _host.Responder.Usage =
        [
            new UsageRow(DateTimeOffset.UnixEpoch, _organization, project.Id, null, null, null, 1, 1, 0, 1, 10.25m),
            new UsageRow(DateTimeOffset.UnixEpoch, _organization, Guid.NewGuid(), null, null, null, 1, 1, 0, 1, 99m),
        ];

        var page = await _ada.OpenAsync($"/projects/{project.Id}");

        Assert.Contains("Over its soft budget.", page.Html, StringComparison.Ordinal);
        Assert.Contains("$10.25", page.Html, StringComparison.Ordinal);
        Assert.Null((await PolicyAsync()).Projects.GetValueOrDefault(project.Id.ToString("N")));
    }

    [Fact]
    public async Task An_archived_project_is_archived_for_good_and_the_default_one_never()
    {
        var project = await CreateAsync("Shop");
        var standard = await ProjectAsync("Default");
        var question = await _ada.OpenAsync($"/projects/{project.Id}/archive");
        var hidden = await _ada.HiddenFieldsAsync($"/projects/{project.Id}/archive", "archive");

        var done = await _ada.SubmitAndFollowAsync($"/projects/{project.Id}/archive", "archive");
        var again = await _ada.SendAsync($"/projects/{project.Id}/archive", hidden);
        var settings = await _ada.OpenAsync($"/projects/{project.Id}");
        var never = await _ada.OpenAsync($"/projects/{standard.Id}/archive");
        await _ada.SendAsync($"/projects/{standard.Id}/archive", hidden);

        Assert.Contains("project_archived", question.Html, StringComparison.Ordinal);
        Assert.Contains("This cannot be undone.", question.Html, StringComparison.Ordinal);
        Assert.Contains("cannot be brought back", done.Html, StringComparison.Ordinal);
        Assert.True((int)again.Status < 500);
        Assert.DoesNotContain("name=\"_handler\" value=\"settings\"", settings.Html, StringComparison.Ordinal);
        Assert.Contains("The default project cannot be archived.", never.Html, StringComparison.Ordinal);
        var policy = await PolicyAsync();
        Assert.True(policy.ProjectRules![project.Id.ToString("N")].Archived);
        Assert.False(policy.ProjectRules.ContainsKey(standard.Id.ToString("N")));
        await Assert.ThrowsAsync<PostgresException>(
            () => SqlAsync($"update accounts.projects set archived_at = null where id = {project.Id}"));
        await Assert.ThrowsAsync<PostgresException>(
            () => SqlAsync($"update accounts.projects set archived_at = now() where id = {standard.Id}"));
        Assert.IsType<KeyCreation.Refused>(await OrderAsync(project.Id, actor: null));
    }

    [Fact]
    public async Task A_developer_uses_the_default_project_and_those_that_name_him()
    {
        var (shop, till) = (await CreateAsync("Shop"), await CreateAsync("Till"));
        using var grace = await JoinAsync("grace@example.com", MemberRole.Developer);
        var userId = await UserIdAsync("grace@example.com");

        await _ada.SubmitAndFollowAsync($"/projects/{shop.Id}", "add-member", ("UserId", userId.ToString()));
        var list = await grace.OpenAsync("/projects");

        Assert.Contains(">Shop<", list.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(">Till<", list.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await grace.OpenAsync($"/projects/{shop.Id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await grace.OpenAsync($"/projects/{till.Id}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await grace.OpenAsync("/projects/new")).Status);
        Assert.IsType<KeyCreation.Issued>(await OrderAsync(shop.Id, userId));
        Assert.IsType<KeyCreation.Refused>(await OrderAsync(till.Id, userId));
        Assert.IsType<KeyCreation.Issued>(await OrderAsync((await ProjectAsync("Default")).Id, userId));
        Assert.IsType<KeyCreation.Refused>(await OrderAsync(shop.Id, Guid.NewGuid()));
    }

    [Theory]
    [InlineData(MemberRole.Developer)]
    [InlineData(MemberRole.Reader)]
    [InlineData(MemberRole.Billing)]
    public async Task Roles_that_do_not_manage_projects_get_403_for_every_change(MemberRole role)
    {
        var shop = await CreateAsync("Shop");
        var path = $"/projects/{shop.Id}";
        var forms = new (string Path, Dictionary<string, string> Hidden)[]
        {
            ("/projects/new", await _ada.HiddenFieldsAsync("/projects/new", "new-project")),
            (path, await _ada.HiddenFieldsAsync(path, "rename")),
            (path, await _ada.HiddenFieldsAsync(path, "settings")),
            ($"{path}/archive", await _ada.HiddenFieldsAsync($"{path}/archive", "archive")),
            ($"{path}/service-accounts/new", await _ada.HiddenFieldsAsync($"{path}/service-accounts/new", "new-account")),
        };
        await SetRoleAsync("ada@example.com", role);

        foreach (var form in forms)
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await _ada.SendAsync(form.Path, form.Hidden, ("Input.Name", "x"))).Status);
        }

        Assert.Equal(["Default", "Shop"], await _host.InScopeAsync<AccountsDb, List<string>>(
            db => db.Projects.Where(p => p.ArchivedAt == null).OrderBy(p => p.Name).Select(p => p.Name).ToListAsync()));
    }

    [Fact]
    public async Task Another_organizations_project_is_not_found()
    {
        using var grace = await _host.SignUpAsync("grace@example.com");
        var theirs = await CreateAsync("Shop");

        foreach (var path in (string[])["", "/archive", "/service-accounts/new", $"/members/{Guid.NewGuid()}/remove"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await grace.OpenAsync($"/projects/{theirs.Id}{path}")).Status);
        }
    }

    [Fact]
    public async Task An_admin_who_becomes_a_developer_keeps_keys_in_the_default_project_and_in_those_that_name_the_member()
    {
        var (shop, till) = (await CreateAsync("Shop"), await CreateAsync("Till"));
        using var grace = await JoinAsync("grace@example.com", MemberRole.Developer);
        var userId = await UserIdAsync("grace@example.com");
        await _ada.SubmitAndFollowAsync($"/projects/{shop.Id}", "add-member", ("UserId", userId.ToString()));
        await SetRoleAsync("grace@example.com", MemberRole.Admin);
        var named = await IssueAsync(shop.Id, userId);
        var outside = await IssueAsync(till.Id, userId);
        var common = await IssueAsync((await ProjectAsync("Default")).Id, userId);

        await _ada.SubmitAndFollowAsync($"/members/{userId}", "role", ("Input.Role", "developer"));

        Assert.Equal(KeyState.Active, (await _host.RecordAsync(named.PublicId)).State);
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(outside.PublicId)).State);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(common.PublicId)).State);
    }

    [Fact]
    public async Task Whoever_is_taken_out_of_a_project_loses_the_own_keys_in_it_and_no_others()
    {
        var shop = await CreateAsync("Shop");
        using var grace = await JoinAsync("grace@example.com", MemberRole.Developer);
        var userId = await UserIdAsync("grace@example.com");
        await _ada.SubmitAndFollowAsync($"/projects/{shop.Id}", "add-member", ("UserId", userId.ToString()));
        await _ada.SubmitAndFollowAsync($"/projects/{shop.Id}/service-accounts/new", "new-account", ("Input.Name", "ci"));
        var account = await _host.InScopeAsync<AccountsDb, Guid>(db => db.ServiceAccounts.Select(a => a.Id).SingleAsync());
        var own = await IssueAsync(shop.Id, userId);
        var elsewhere = await IssueAsync((await ProjectAsync("Default")).Id, userId);
        var service = await IssueAsync(shop.Id, await UserIdAsync("ada@example.com"), account);

        await _ada.SubmitAndFollowAsync($"/projects/{shop.Id}/members/{userId}/remove", "remove");

        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(own.PublicId)).State);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(elsewhere.PublicId)).State);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(service.PublicId)).State);
        Assert.Equal(HttpStatusCode.NotFound, (await grace.OpenAsync($"/keys/{service.Id}")).Status);
    }

    [Fact]
    public async Task A_service_account_has_keys_of_its_own_until_it_is_deleted()
    {
        var project = await ProjectAsync("Default");
        await _ada.SubmitAndFollowAsync(
            $"/projects/{project.Id}/service-accounts/new", "new-account", ("Input.Name", "ci"), ("Input.Role", "reader"));
        var account = await _host.InScopeAsync<AccountsDb, ServiceAccount>(db => db.ServiceAccounts.SingleAsync());

        var text = await _ada.CreateKeyAsync("of ci", ("Input.ServiceAccount", account.Id.ToString()));
        var record = await _host.RecordAsync(PortalBrowser.PublicIdOf(text));
        var list = await _ada.OpenAsync("/keys");
        await _ada.SubmitAndFollowAsync(
            $"/keys/{record.KeyId}", "settings", ("Input.Access.Scopes", "chat.completions"), ("Input.Access.ModelRule", "all"));
        var widened = await _host.RecordAsync(record.PublicId);
        await _ada.SubmitAndFollowAsync($"/projects/{project.Id}/service-accounts/{account.Id}/delete", "delete");

        Assert.Equal(["models"], record.Scopes!); // A reader looks up models and nothing else,
        Assert.Equal(["models"], widened.Scopes!); // whatever its key's form asks for.
        Assert.Contains("service account ci", list.Html, StringComparison.Ordinal);
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(record.PublicId)).State);
        Assert.IsType<KeyCreation.Refused>(await OrderAsync(project.Id, await UserIdAsync("ada@example.com"), account.Id));
    }

    [Fact]
    public async Task A_key_for_somebody_else_is_refused_and_so_are_models_beyond_the_project()
    {
        using var grace = await JoinAsync("grace@example.com", MemberRole.Developer);
        var project = await ProjectAsync("Default");
        await _ada.SubmitAndFollowAsync(
            $"/projects/{project.Id}", "settings", ("Settings.Models.ModelRule", "only"), ("Settings.Models.Models", "m1"));

        var foreign = await grace.SubmitAsync(
            "/keys/new", "new-key", ("Input.Name", "x"), ("Input.ServiceAccount", (await UserIdAsync("ada@example.com")).ToString()));
        var unreadable = await grace.SubmitAsync(
            "/keys/new", "new-key", ("Input.Name", "x"), ("Input.ServiceAccount", "ada@example.com"));
        var beyond = await grace.SubmitAsync(
            "/keys/new", "new-key", ("Input.Name", "x"), ("Input.Access.Scopes", "models"), ("Input.Access.ModelRule", "only"),
            ("Input.Access.Models", "m1"), ("Input.Access.Models", "m2"));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (foreign.Status, unreadable.Status));
        Assert.Contains("The project Default may not call m2.", beyond.Html, StringComparison.Ordinal);
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.ApiKeys.CountAsync()));
    }

    [Fact]
    public async Task Nobody_changes_or_rotates_another_persons_key_but_who_manages_projects_may_revoke_it()
    {
        using var grace = await JoinAsync("grace@example.com", MemberRole.Developer);
        var adas = await _host.RecordAsync(PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("ada's")));
        var graces = await _host.RecordAsync(PortalBrowser.PublicIdOf(await grace.CreateKeyAsync("grace's")));
        var revoke = await grace.HiddenFieldsAsync($"/keys/{graces.KeyId}/revoke", "revoke");

        var seen = await grace.OpenAsync($"/keys/{adas.KeyId}");
        await grace.SendAsync($"/keys/{adas.KeyId}/revoke", revoke);
        var rotation = await _ada.OpenAsync($"/keys/{graces.KeyId}/rotate");
        var before = await _host.RecordAsync(adas.PublicId);
        await _ada.SubmitAsync($"/keys/{graces.KeyId}/revoke", "revoke");

        Assert.Contains("ada@example.com", seen.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"_handler\" value=\"settings\"", seen.Html, StringComparison.Ordinal);
        Assert.Equal(KeyState.Active, before.State);
        Assert.Contains("Nobody but its owner gets a new secret", rotation.Html, StringComparison.Ordinal);
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(graces.PublicId)).State);
    }

    [Fact]
    public async Task Keys_are_those_of_the_selected_project()
    {
        var shop = await CreateAsync("Shop");
        await _ada.CreateKeyAsync("in default");
        await SelectAsync(shop.Id);
        var record = await _host.RecordAsync(PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("in shop")));

        var list = await _ada.OpenAsync("/keys");

        Assert.Equal(shop.Id, record.ProjectId);
        Assert.Contains("in shop", list.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("in default", list.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_keys_page_and_the_command_line_say_why_it_is_limited()
    {
        var project = await ProjectAsync("Default");
        await _ada.SubmitAndFollowAsync($"/projects/{project.Id}", "settings", ("Settings.Limits[rpm]", "50"));
        var record = await _host.RecordAsync(PortalBrowser.PublicIdOf(
            await _ada.CreateKeyAsync(
                "narrow", ("Input.Limits[rpm]", "60"), ("Input.Access.Scopes", "models"), ("Input.Access.ModelRule", "all"))));

        var page = await _ada.OpenAsync($"/keys/{record.KeyId}");
        using var answer = await _host.Operators.GetAsync($"/internal/keys/{record.PublicId}/explanation");
        using var unknown = await _host.Operators.GetAsync("/internal/keys/000000000000/explanation");
        var explained = JsonSerializer.Deserialize(
            await answer.Content.ReadAsStringAsync(), ContractsJson.Default.KeyExplanation)!;

        Assert.Contains("Why is this limited?", page.Html, StringComparison.Ordinal);
        Assert.Contains("50 requests/min", page.Html, StringComparison.Ordinal);
        Assert.Contains("project Default", page.Html, StringComparison.Ordinal);
        Assert.Equal(("ada@example.com", "Default"), (explained.Owner, explained.Project));
        var rpm = explained.Values.Single(value => value.Name == "rpm");
        Assert.Equal(("50 requests/min", RuleLevel.Project), (rpm.Value, rpm.SetBy));
        Assert.Contains(new RuleValue(RuleLevel.Key, "60 requests/min"), rpm.Others);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private async Task<Project> CreateAsync(string name)
    {
        await _ada.SubmitAndFollowAsync("/projects/new", "new-project", ("Input.Name", name));
        return await ProjectAsync(name);
    }

    private Task<Project> ProjectAsync(string name) => _host.InScopeAsync<AccountsDb, Project>(
        db => db.Projects.AsNoTracking().SingleAsync(p => p.OrganizationId == _organization && p.Name == name));

    private async Task<OrganizationPolicy> PolicyAsync()
    {
        string? json = await (await _host.OpenRedisAsync()).StringGetAsync(RedisNames.Policy(_organization));
        return JsonSerializer.Deserialize(json!, ContractsJson.Default.OrganizationPolicy)!;
    }

    private Task<List<string>> ActionsAsync(string subject) => _host.InScopeAsync<AccountsDb, List<string>>(
        db => db.AuditEntries.Where(entry => entry.Subject == subject).OrderBy(entry => entry.Id).Select(entry => entry.Action)
            .ToListAsync());

    private Task<int> SqlAsync(FormattableString sql) => _host.InScopeAsync<AccountsDb, int>(db => db.Database.ExecuteSqlAsync(sql));

    private Task<Guid> UserIdAsync(string email) => _host.InScopeAsync<AccountsDb, Guid>(
        db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync());

    private async Task SetRoleAsync(string email, MemberRole role)
    {
        var userId = await UserIdAsync(email);
        await _host.InScopeAsync<AccountsDb, int>(db => db.Memberships.Where(m => m.UserId == userId).ExecuteUpdateAsync(
            set => set.SetProperty(m => m.Role, role)));
    }

    /// <summary>Somebody who signed up and was put into Ada's organization, which the own one makes room for.</summary>
    private async Task<PortalBrowser> JoinAsync(string email, MemberRole role)
    {
        var browser = await _host.SignUpAsync(email);
        var userId = await UserIdAsync(email);
        await _host.InScopeAsync<AccountsDb, int>(async db =>
        {
            await db.Memberships.Where(m => m.UserId == userId).ExecuteDeleteAsync();
            db.Memberships.Add(new Membership
            {
                OrganizationId = _organization, UserId = userId, Role = role, JoinedAt = TimeProvider.System.GetUtcNow(),
            });
            return await db.SaveChangesAsync();
        });
        return browser;
    }

    /// <summary>Selects a project for everybody who is signed in.</summary>
    private Task<int> SelectAsync(Guid projectId) => SqlAsync(
        $"update accounts.sessions set organization_id = {_organization}, project_id = {projectId}");

    private Task<KeyCreation> OrderAsync(Guid projectId, Guid? actor, Guid? serviceAccount = null) =>
        _host.InScopeAsync<KeyRegister, KeyCreation>(keys => keys.CreateAsync(
            new KeyOrder(Guid.NewGuid(), _organization, projectId, "key", Limits.None, KeyAccess.All, actor)
            {
                ServiceAccountId = serviceAccount,
            },
            CancellationToken.None));

    private async Task<ApiKey> IssueAsync(Guid projectId, Guid actor, Guid? serviceAccount = null) =>
        Assert.IsType<KeyCreation.Issued>(await OrderAsync(projectId, actor, serviceAccount)).Key;
}
