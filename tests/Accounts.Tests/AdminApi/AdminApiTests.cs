using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.AdminApi;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Reports;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.AdminApi;

/// <summary>Every operation of the admin API against the real service; what gateways read in Redis is what it changed.</summary>
public sealed class AdminApiTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private PortalBrowser _browser = null!;
    private AdminApiClient _api = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _browser = await _host.SignUpAsync();
        _api = await AdminApiClient.CreateAsync(_host, _browser);
    }

    public async Task DisposeAsync()
    {
        _api.Dispose();
        _browser.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Projects_are_made_renamed_and_archived_and_a_taken_name_is_refused()
    {
        var made = (await _api.PostAsync("/projects", new { name = "Checkout", residency = "GLOBAL" })).Succeeded();
        var same = await _api.PostAsync("/projects", new { name = "checkout" });
        var renamed = (await _api.PostAsync($"/projects/{made["id"]}", new { name = "Shop" })).Succeeded();
        var renamedAgain = (await _api.PostAsync($"/projects/{made["id"]}", new { name = "Shop" })).Succeeded();
        var archived = (await _api.PostAsync($"/projects/{made["id"]}/archive")).Succeeded();
        var archivedAgain = (await _api.PostAsync($"/projects/{made["id"]}/archive")).Succeeded();
        var listed = (await _api.GetAsync("/projects")).Succeeded();
        var all = (await _api.GetAsync("/projects?include_archived=true&order=asc")).Succeeded();
        var defaultProject = await _api.PostAsync($"/projects/{listed.Ids[0]}/archive");

        Assert.Equal(("active", "Checkout"), (made["status"], made["name"]));
        Assert.Equal((409, "project_name_taken", null), same.Error);
        Assert.Equal(("Shop", made["id"]), (renamed["name"], renamed["id"]));
        Assert.Equal(renamed.Body.ToString(), renamedAgain.Body.ToString());
        Assert.Equal("archived", archived["status"]);
        Assert.Equal(archived.Body.ToString(), archivedAgain.Body.ToString());
        Assert.DoesNotContain(made["id"], listed.Ids);
        Assert.Equal([.. listed.Ids, made["id"]!], all.Ids);
        Assert.Equal((409, "default_project", null), defaultProject.Error);
        Assert.Equal((409, "project_archived", null), (await _api.PostAsync($"/projects/{made["id"]}", new { name = "x" })).Error);
    }

    [Fact]
    public async Task A_creation_with_an_idempotency_key_runs_once_and_is_answered_the_same()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => _api.PostAsync("/admin_api_keys", new { name = "once" }, "order-1")));
        var settled = (await _api.PostAsync("/admin_api_keys", new { name = "once" }, "order-1")).Succeeded();
        var mismatch = await _api.PostAsync("/admin_api_keys", new { name = "other" }, "order-1");
        var refused = await _api.PostAsync("/projects", new { name = "" }, "order-2");
        var corrected = (await _api.PostAsync("/projects", new { name = "Corrected" }, "order-2")).Succeeded();
        var malformed = await _api.PostAsync("/projects", new { name = "x" }, "two words");

        Assert.All(
            answers, answer => Assert.True(answer.Status == 200 ? answer["value"] == settled["value"] : answer.Status == 409, $"{answer}"));
        Assert.True(settled.Replayed);
        Assert.Single((await _api.GetAsync("/admin_api_keys")).Body.GetProperty("data").EnumerateArray(),
            key => key.GetProperty("name").GetString() == "once");
        Assert.Equal((409, "idempotency_key_reused", null), mismatch.Error);
        Assert.Equal((400, "invalid_value", "name"), refused.Error);
        Assert.Equal("Corrected", corrected["name"]);
        Assert.Equal((400, "invalid_idempotency_key", null), malformed.Error);
        var stored = await _host.InScopeAsync<AccountsDb, string?>(
            db => db.AdminRequests.Where(one => one.Answer != null).Select(one => one.Answer).FirstAsync());
        Assert.DoesNotContain(settled["value"]!, stored!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_accounts_have_keys_that_gateways_know_and_that_end_with_them()
    {
        var project = (await _api.PostAsync("/projects", new { name = "Bots" })).Succeeded()["id"];
        var made = (await _api.PostAsync(
            $"/projects/{project}/service_accounts", new { name = "ci", expires_in_seconds = 3600 })).Succeeded();
        var bare = (await _api.PostAsync(
            $"/projects/{project}/service_accounts", new { name = "bare", create_service_account_only = true })).Succeeded();
        var key = (await _api.PostAsync(
            $"/projects/{project}/service_accounts/{bare["id"]}/api_keys", new { scopes = (string[])["chat.completions"] })).Succeeded();
        var renamed = (await _api.PostAsync($"/projects/{project}/service_accounts/{bare["id"]}", new { name = "robot" })).Succeeded();
        var wrongRole = await _api.PostAsync($"/projects/{project}/service_accounts/{bare["id"]}", new { role = "owner" });
        var keys = (await _api.GetAsync($"/projects/{project}/api_keys?order=asc")).Succeeded();
        var deleted = (await _api.DeleteAsync($"/projects/{project}/service_accounts/{bare["id"]}")).Succeeded();
        var again = (await _api.DeleteAsync($"/projects/{project}/service_accounts/{bare["id"]}")).Succeeded();

        var first = await _host.RecordAsync(PortalBrowser.PublicIdOf(made.Body.GetProperty("api_key").GetProperty("value").GetString()!));
        Assert.Equal((KeyState.Active, project), (first.State, $"proj_{first.ProjectId:N}"));
        var now = TimeProvider.System.GetUtcNow();
        Assert.InRange(first.ExpiresAt!.Value, now.AddMinutes(50), now.AddMinutes(61));
        Assert.Equal(JsonValueKind.Null, bare.Body.GetProperty("api_key").ValueKind);
        var second = await _host.RecordAsync(PortalBrowser.PublicIdOf(key["value"]!));
        Assert.Equal((KeyState.Revoked, "chat.completions"), (second.State, Assert.Single(second.Scopes!)));
        Assert.Equal(("robot", "member"), (renamed["name"], renamed["role"]));
        Assert.Equal((400, "invalid_value", "role"), wrongRole.Error);
        Assert.Equal(2, keys.Ids.Count);
        Assert.Equal(
            "service_account", keys.Body.GetProperty("data")[0].GetProperty("owner").GetProperty("type").GetString());
        Assert.Equal(deleted.Body.ToString(), again.Body.ToString());
        Assert.Equal(
            (404, "not_found", "id"), (await _api.DeleteAsync($"/projects/{project}/service_accounts/svc_acct_{Guid.NewGuid():N}")).Error);
    }

    [Fact]
    public async Task Keys_of_a_project_are_listed_changed_and_revoked()
    {
        var text = await _browser.CreateKeyAsync("mine");
        var project = (await _api.GetAsync("/projects")).Ids[0];
        var listed = (await _api.GetAsync($"/projects/{project}/api_keys")).Succeeded();
        var id = Assert.Single(listed.Ids);

        var changed = (await _api.PostAsync(
            $"/projects/{project}/api_keys/{id}",
            new { scopes = (string[])["models", "embeddings"], expires_in_seconds = 60 })).Succeeded();
        var unknown = await _api.PostAsync($"/projects/{project}/api_keys/{id}", new { scopes = (string[])["nonsense"] });
        var record = await _host.RecordAsync(PortalBrowser.PublicIdOf(text));
        var freed = (await _api.PostAsync($"/projects/{project}/api_keys/{id}", new { scopes = (string[])[] })).Succeeded();
        var freedRecord = await _host.RecordAsync(PortalBrowser.PublicIdOf(text));
        var deleted = (await _api.DeleteAsync($"/projects/{project}/api_keys/{id}")).Succeeded();
        var again = (await _api.DeleteAsync($"/projects/{project}/api_keys/{id}")).Succeeded();

        Assert.DoesNotContain(text, listed.Body.ToString(), StringComparison.Ordinal);
        var owner = listed.Body.GetProperty("data")[0].GetProperty("owner");
        Assert.Equal(("user", "ada@example.com", "owner"), (
            owner.GetProperty("type").GetString(), owner.GetProperty("user").GetProperty("email").GetString(),
            owner.GetProperty("user").GetProperty("role").GetString()));
        Assert.Equal(["models", "embeddings"], record.Scopes!);
        Assert.Equal(changed.Body.GetProperty("expires_at").GetInt64(), record.ExpiresAt!.Value.ToUnixTimeSeconds());
        Assert.Equal((400, "invalid_value", "scopes"), unknown.Error);
        Assert.Null(freedRecord.Scopes);
        Assert.Equal(id, freed["id"]);
        Assert.Equal(deleted.Body.ToString(), again.Body.ToString());
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(PortalBrowser.PublicIdOf(text))).State);
        Assert.Empty((await _api.GetAsync($"/projects/{project}/api_keys")).Ids);
    }

    [Fact]
    public async Task Rules_of_a_project_reach_gateways_with_the_answer()
    {
        var project = (await _api.PostAsync("/projects", new { name = "Rules" })).Succeeded()["id"];
        var hex = project!["proj_".Length..];
        var rates = (await _api.GetAsync($"/projects/{project}/rate_limits")).Succeeded();
        var limit = Assert.Single(rates.Ids);

        var rate = (await _api.PostAsync(
            $"/projects/{project}/rate_limits/{limit}", new { max_requests_per_1_minute = 7, max_tokens_per_1_minute = 900 })).Succeeded();
        var models = (await _api.PostAsync(
            $"/projects/{project}/model_permissions", new { mode = "allow_list", model_ids = (string[])["b", "a"] })).Succeeded();
        var spend = (await _api.PostAsync(
            $"/projects/{project}/spend_limit", new { threshold_amount = 250.5, currency = "USD", interval = "month" })).Succeeded();
        var retention = (await _api.PostAsync(
            $"/projects/{project}/data_retention", new { retention_type = "zero_data_retention" })).Succeeded();
        var policy = await PolicyAsync();

        Assert.Equal(("7", "900", "*"), (rate["max_requests_per_1_minute"], rate["max_tokens_per_1_minute"], rate["model"]));
        Assert.Equal(("allow_list", "[\"a\",\"b\"]"), (models["mode"], models.Body.GetProperty("model_ids").GetRawText()));
        Assert.Equal(("250.5", "zero_data_retention"), (spend["threshold_amount"], retention["type"]));
        Assert.Equal(
            new Limits { RequestsPerMinute = 7, TokensPerMinute = 900, BudgetPerMonthNanoUsd = 2_505_000_000 }, policy.Projects[hex]);
        Assert.Equal(["a", "b"], policy.ProjectRules![hex].ModelsAllowed!);
        Assert.Equal([hex], policy.KeepNoResponses!);

        (await _api.DeleteAsync($"/projects/{project}/model_permissions")).Succeeded();
        (await _api.DeleteAsync($"/projects/{project}/spend_limit")).Succeeded();
        (await _api.DeleteAsync($"/projects/{project}/spend_limit")).Succeeded();
        (await _api.PostAsync($"/projects/{project}/data_retention", new { retention_type = "organization_default" })).Succeeded();
        var freed = await PolicyAsync();
        Assert.Equal(new Limits { RequestsPerMinute = 7, TokensPerMinute = 900 }, freed.Projects[hex]);
        Assert.True(freed.ProjectRules?.ContainsKey(hex) != true);
        Assert.Null(freed.KeepNoResponses);
        Assert.Equal((404, "not_found", "id"), (await _api.GetAsync($"/projects/{project}/spend_limit")).Error);
        Assert.Equal("deny_list", (await _api.GetAsync($"/projects/{project}/model_permissions"))["mode"]);
    }

    [Fact]
    public async Task A_spend_limit_of_zero_is_a_limit_and_leaves_the_other_limits_alone()
    {
        var before = (await PolicyAsync()).Limits;

        var zero = (await _api.PostAsync("/spend_limit", new { threshold_amount = 0, currency = "USD", interval = "month" })).Succeeded();
        var with = (await PolicyAsync()).Limits;
        var shown = (await _api.GetAsync("/spend_limit")).Succeeded();
        (await _api.DeleteAsync("/spend_limit")).Succeeded();
        var after = (await PolicyAsync()).Limits;

        Assert.Equal(before with { BudgetPerMonthNanoUsd = 0 }, with);
        Assert.Equal(("0", zero.Body.ToString()), (zero["threshold_amount"], shown.Body.ToString()));
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task What_the_organization_keeps_is_the_default_of_projects_that_have_not_decided()
    {
        var follows = (await _api.PostAsync("/projects", new { name = "Follows" })).Succeeded()["id"]!;
        var decides = (await _api.PostAsync("/projects", new { name = "Decides" })).Succeeded()["id"]!;
        (await _api.PostAsync($"/projects/{decides}/data_retention", new { retention_type = "none" })).Succeeded();

        var set = (await _api.PostAsync("/data_retention", new { retention_type = "zero_data_retention" })).Succeeded();
        var policy = await PolicyAsync();
        var enhanced = await _api.PostAsync("/data_retention", new { retention_type = "enhanced_zero_data_retention" });

        Assert.Equal("zero_data_retention", set["type"]);
        Assert.Contains(follows["proj_".Length..], policy.KeepNoResponses!);
        Assert.DoesNotContain(decides["proj_".Length..], policy.KeepNoResponses!);
        Assert.Equal("organization_default", (await _api.GetAsync($"/projects/{follows}/data_retention"))["type"]);
        Assert.Equal("none", (await _api.GetAsync($"/projects/{decides}/data_retention"))["type"]);
        Assert.Equal((400, "unsupported_parameter", "retention_type"), enhanced.Error);
    }

    [Fact]
    public async Task Members_have_one_role_and_the_last_owner_keeps_it()
    {
        var owner = Assert.Single((await _api.GetAsync("/users")).Succeeded().Ids);
        var other = await JoinAsync("bob@example.com", MemberRole.Developer);

        var demoted = await _api.PostAsync($"/users/{owner}", new { role = "reader" });
        var removed = await _api.DeleteAsync($"/users/{owner}");
        var unchanged = (await _api.PostAsync($"/users/{other}", new { role = "reader" })).Succeeded();
        var roles = (await _api.GetAsync($"/users/{other}/roles")).Succeeded();
        var admin = (await _api.PostAsync($"/users/{other}/roles", new { role_id = "role_admin" })).Succeeded();
        var taken = (await _api.DeleteAsync($"/users/{other}/roles/role_admin")).Succeeded();
        var promoted = (await _api.PostAsync($"/users/{other}", new { role = "owner" })).Succeeded();
        var unknown = await _api.PostAsync($"/users/{other}", new { role_id = $"role_{Guid.NewGuid():N}" });
        var gone = (await _api.DeleteAsync($"/users/{other}")).Succeeded();
        var goneAgain = (await _api.DeleteAsync($"/users/{other}")).Succeeded();

        Assert.Equal((409, "last_owner", null), demoted.Error);
        Assert.Equal((409, "last_owner", null), removed.Error);
        Assert.Equal("reader", unchanged["role"]);
        Assert.Equal("role_developer", Assert.Single(roles.Ids));
        Assert.Equal(("user.role", "role_admin"), (admin["object"], admin.Body.GetProperty("role").GetProperty("id").GetString()));
        Assert.Equal("user.role.deleted", taken["object"]);
        Assert.Equal("owner", promoted["role"]);
        Assert.Equal((400, "invalid_value", "role_id"), unknown.Error);
        Assert.Equal(gone.Body.ToString(), goneAgain.Body.ToString());
        Assert.Equal([owner], (await _api.GetAsync("/users")).Ids);
        Assert.Equal([owner], (await _api.GetAsync("/users?emails[]=ADA@example.com&emails[]=nobody@example.com")).Ids);
    }

    [Fact]
    public async Task Roles_of_the_organization_are_made_given_and_deleted_when_nobody_has_them()
    {
        var other = await JoinAsync("bob@example.com", MemberRole.Reader);
        var predefined = (await _api.GetAsync("/roles")).Succeeded().Ids;

        var made = (await _api.PostAsync("/roles", new { role_name = "analyst", permissions = (string[])["usage.read"] })).Succeeded();
        var taken = await _api.PostAsync("/roles", new { role_name = "Analyst", permissions = (string[])[] });
        var unknown = await _api.PostAsync("/roles", new { role_name = "x", permissions = (string[])["usage.write"] });
        var given = (await _api.PostAsync($"/users/{other}", new { role_id = made["id"] })).Succeeded();
        var inUse = await _api.DeleteAsync($"/roles/{made["id"]}");
        var changed = (await _api.PostAsync(
            $"/roles/{made["id"]}", new { permissions = (string[])["usage.read", "billing.read"] })).Succeeded();
        (await _api.PostAsync($"/users/{other}/roles", new { role_id = "role_reader" })).Succeeded();
        var deleted = (await _api.DeleteAsync($"/roles/{made["id"]}")).Succeeded();

        Assert.Equal(["role_owner", "role_admin", "role_developer", "role_billing", "role_reader"], predefined);
        Assert.Equal("[\"organization.read\",\"usage.read\"]", made.Body.GetProperty("permissions").GetRawText());
        Assert.Equal((409, "role_name_taken", null), taken.Error);
        Assert.Equal((400, "invalid_value", "permissions"), unknown.Error);
        Assert.Equal("reader", given["role"]);
        Assert.Equal((409, "role_in_use", null), inUse.Error);
        Assert.Equal(3, changed.Body.GetProperty("permissions").GetArrayLength());
        Assert.Equal("role.deleted", deleted["object"]);
        Assert.Equal((409, "predefined_role", null), (await _api.DeleteAsync("/roles/role_owner")).Error);
    }

    [Fact]
    public async Task An_invitation_with_projects_makes_a_developer_who_is_a_member_of_them()
    {
        var project = (await _api.PostAsync("/projects", new { name = "Joined" })).Succeeded()["id"]!;

        var invite = (await _api.PostAsync("/invites", new
        {
            email = "Bob@example.com", role = "reader", projects = new[] { new { id = project, role = "member" } },
        })).Succeeded();
        var twice = await _api.PostAsync("/invites", new { email = "bob@example.com", role = "owner" });
        var foreign = await _api.PostAsync("/invites", new
        {
            email = "c@example.com", role = "reader", projects = new[] { new { id = $"proj_{Guid.NewGuid():N}", role = "member" } },
        });
        using var bob = _host.Browse();
        var link = await bob.LinkOfMailAsync("Bob@example.com", "Join");
        await bob.SubmitAsync(link, "join", ("Input.Password", PortalBrowser.Password));
        var accepted = (await _api.GetAsync($"/invites/{invite["id"]}")).Succeeded();
        var users = (await _api.GetAsync($"/projects/{project}/users?order=asc")).Succeeded();
        var late = await _api.DeleteAsync($"/invites/{invite["id"]}");

        Assert.Equal(("pending", "reader"), (invite["status"], invite["role"]));
        Assert.Equal((409, "already_invited", null), twice.Error);
        Assert.Equal(404, foreign.Status);
        Assert.Equal("accepted", accepted["status"]);
        Assert.Equal(project, accepted.Body.GetProperty("projects")[0].GetProperty("id").GetString());
        Assert.Equal(
            ["owner", "member"], users.Body.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("role").GetString()));
        Assert.Equal((409, "invite_accepted", null), late.Error);
    }

    [Fact]
    public async Task Members_of_a_project_are_added_and_removed_and_owners_are_members_of_each()
    {
        var project = (await _api.PostAsync("/projects", new { name = "Team" })).Succeeded()["id"];
        var owner = Assert.Single((await _api.GetAsync("/users")).Ids);
        var other = await JoinAsync("bob@example.com", MemberRole.Developer);

        var wrongRole = await _api.PostAsync($"/projects/{project}/users", new { user_id = other, role = "owner" });
        var added = (await _api.PostAsync($"/projects/{project}/users", new { email = "BOB@example.com", role = "member" })).Succeeded();
        var addedAgain = (await _api.PostAsync($"/projects/{project}/users", new { user_id = other, role = "member" })).Succeeded();
        var confirmed = (await _api.PostAsync($"/projects/{project}/users/{other}", new { role = "member" })).Succeeded();
        var removed = (await _api.DeleteAsync($"/projects/{project}/users/{other}")).Succeeded();
        var removedAgain = (await _api.DeleteAsync($"/projects/{project}/users/{other}")).Succeeded();
        var manager = await _api.DeleteAsync($"/projects/{project}/users/{owner}");

        Assert.Equal((400, "invalid_value", "role"), wrongRole.Error);
        Assert.Equal(("member", "bob@example.com", other), (added["role"], added["email"], added["id"]));
        Assert.Equal(added.Body.ToString(), addedAgain.Body.ToString());
        Assert.Equal(added.Body.ToString(), confirmed.Body.ToString());
        Assert.Equal(removed.Body.ToString(), removedAgain.Body.ToString());
        Assert.Equal((409, "manages_projects", null), manager.Error);
        Assert.Equal([owner], (await _api.GetAsync($"/projects/{project}/users")).Ids);
        Assert.Equal(
            (400, "missing_required_parameter", "user_id"),
            (await _api.PostAsync($"/projects/{project}/users", new { role = "member" })).Error);
    }

    [Fact]
    public async Task The_audit_log_names_the_key_its_owner_and_the_clients_address()
    {
        var project = (await _api.PostAsync("/projects", new { name = "Seen" })).Succeeded()["id"];
        (await _api.PostAsync($"/projects/{project}", new { name = "Seen again" })).Succeeded();

        var all = (await _api.GetAsync("/audit_logs?limit=3")).Succeeded();
        var next = (await _api.GetAsync($"/audit_logs?limit=3&after={all["last_id"]}")).Succeeded();
        var created = (await _api.GetAsync("/audit_logs?event_types[]=project.created&event_types[]=project.archived")).Succeeded();
        var ofProject = (await _api.GetAsync($"/audit_logs?resource_ids[]={project}")).Succeeded();
        var before = (await _api.GetAsync("/audit_logs?effective_at[lt]=1000000000")).Succeeded();

        Assert.Equal(3, all.Ids.Count);
        Assert.Equal("True", all["has_more"]);
        Assert.Empty(all.Ids.Intersect(next.Ids));
        var entry = Assert.Single(created.Body.GetProperty("data").EnumerateArray());
        Assert.Equal("Seen", entry.GetProperty("project.created").GetProperty("data").GetProperty("name").GetString());
        var actor = entry.GetProperty("actor");
        Assert.StartsWith("sk-admin-", actor.GetProperty("api_key").GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("ada@example.com", actor.GetProperty("api_key").GetProperty("user").GetProperty("email").GetString());
        Assert.Equal(2, ofProject.Ids.Count);
        Assert.Empty(before.Ids);
        var stored = await _host.InScopeAsync<AccountsDb, (string?, string?)>(async db =>
        {
            var row = await db.Set<Tollgate.Accounts.Audit.AuditEntry>().FirstAsync(one => one.Action == "project.create");
            return (row.Address, row.Browser);
        });
        Assert.Equal(("203.0.113.7", "terraform/1.9"), stored);
    }

    [Fact]
    public async Task Usage_comes_in_buckets_page_by_page_and_costs_are_dollars_as_a_number()
    {
        var text = await _browser.CreateKeyAsync("used");
        var key = await _host.RecordAsync(PortalBrowser.PublicIdOf(text));
        var user = Assert.Single((await _api.GetAsync("/users")).Ids);
        var day = new DateTimeOffset(2026, 11, 3, 0, 0, 0, TimeSpan.Zero);
        _host.Responder.Usage =
        [
            new UsageRow(day, null, null, key.KeyId, null, null, 2, 100, 20, 30, 0.0000375m),
            new UsageRow(day, null, null, Guid.NewGuid(), null, null, 1, 10, 0, 3, 0.1m),
        ];
        var start = day.AddHours(-12).ToUnixTimeSeconds();
        var range = string.Create(CultureInfo.InvariantCulture, $"start_time={start}&end_time={start + (5 * 86_400)}&limit=2");

        var first = (await _api.GetAsync($"/usage/completions?{range}&group_by[]=user_id")).Succeeded();
        var second = (await _api.GetAsync($"/usage/completions?{range}&page={first["next_page"]}")).Succeeded();
        var costs = (await _api.GetAsync($"/costs?{range}&group_by=user_id")).Succeeded();
        var query = JsonSerializer.Deserialize(
            _host.Responder.Requests.First(one => one.PathAndQuery.EndsWith("/usage/buckets", StringComparison.Ordinal)).Body,
            ContractsJson.Default.UsageBucketQuery)!;

        var buckets = first.Body.GetProperty("data");
        Assert.Equal(
            [(start, start + 43_200), (start + 43_200, start + 129_600)],
            buckets.EnumerateArray().Select(one => (one.GetProperty("start_time").GetInt64(), one.GetProperty("end_time").GetInt64())));
        Assert.Empty(buckets[0].GetProperty("results").EnumerateArray());
        var results = buckets[1].GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([user, null], results.Select(one => one.GetProperty("user_id").GetString()));
        Assert.Equal(
            (120L, 20L, 30L, 2L),
            (results[0].GetProperty("input_tokens").GetInt64(), results[0].GetProperty("input_cached_tokens").GetInt64(),
             results[0].GetProperty("output_tokens").GetInt64(), results[0].GetProperty("num_model_requests").GetInt64()));
        Assert.Equal(
            (start + 129_600, "True"), (second.Body.GetProperty("data")[0].GetProperty("start_time").GetInt64(), second["has_more"]));
        Assert.Equal(
            (UsageGroups.Key, UsageWidth.Day, start, start + 129_600),
            (query.Groups, query.Width, query.From.ToUnixTimeSeconds(), query.To.ToUnixTimeSeconds()));
        Assert.Contains("chat.completions", query.Endpoints!);
        var amount = costs.Body.GetProperty("data")[1].GetProperty("results")[0].GetProperty("amount");
        Assert.Equal(("0.0000375", "usd"), (amount.GetProperty("value").GetRawText(), amount.GetProperty("currency").GetString()));
    }

    [Theory]
    [InlineData("/projects?limit=101", "limit")]
    [InlineData("/projects?limit=0", "limit")]
    [InlineData("/projects?limit=x", "limit")]
    [InlineData("/projects?order=newest", "order")]
    [InlineData("/projects?after=proj_1", "after")]
    [InlineData("/projects?offset=3", "offset")]
    [InlineData("/projects?limit=1&limit=2", "limit")]
    [InlineData("/usage/completions", "start_time")]
    [InlineData("/usage/completions?start_time=1790000000&limit=32", "limit")]
    [InlineData("/usage/completions?start_time=1790000000&bucket_width=1h&limit=169", "limit")]
    [InlineData("/usage/completions?start_time=1790000000&bucket_width=1m&limit=1441", "limit")]
    [InlineData("/usage/completions?start_time=1790000000&bucket_width=1w", "bucket_width")]
    [InlineData("/usage/completions?start_time=1790000000&group_by=size", "group_by")]
    [InlineData("/usage/completions?start_time=1790000000&end_time=1790000000", "end_time")]
    [InlineData("/usage/completions?start_time=1790000000&page=page_1", "page")]
    [InlineData("/costs?start_time=1790000000&limit=181", "limit")]
    [InlineData("/costs?start_time=1790000000&bucket_width=1h", "bucket_width")]
    [InlineData("/costs?start_time=1790000000&models=x", "models")]
    public async Task A_wrong_parameter_is_refused_by_name(string path, string param)
    {
        var answer = await _api.GetAsync(path);

        Assert.Equal((400, param), (answer.Error.Status, answer.Error.Param));
    }

    [Fact]
    public async Task A_wrong_member_is_refused_by_name_and_changes_nothing()
    {
        (object Body, string Code, string Param)[] bodies =
        [
            (new { }, "missing_required_parameter", "name"),
            (new { name = 5 }, "invalid_type", "name"),
            (new { name = "   " }, "invalid_value", "name"),
            (new { name = new string('x', 101) }, "invalid_value", "name"),
            (new { name = "x", nmae = "y" }, "unknown_parameter", "nmae"),
            (new { name = "x", geography = "US" }, "unsupported_parameter", "geography"),
            (new { name = "x", residency = "EU_STORAGE_PROCESSING" }, "invalid_value", "residency"),
        ];
        foreach (var (body, code, param) in bodies)
        {
            Assert.Equal((400, code, param), (await _api.PostAsync("/projects", body)).Error);
        }

        Assert.Single((await _api.GetAsync("/projects")).Ids);
        var alert = new
        {
            threshold_amount = 1, currency = "USD", interval = "month",
            notification_channel = new { type = "email", recipients = (string[])["stranger@example.com"] },
        };
        Assert.Equal((400, "invalid_value", "notification_channel.recipients"), (await _api.PostAsync("/spend_alerts", alert)).Error);
    }

    [Fact]
    public async Task Lists_go_on_behind_and_before_an_object()
    {
        for (var i = 1; i <= 4; i++)
        {
            (await _api.PostAsync("/projects", new { name = $"p{i}" })).Succeeded();
        }

        var all = (await _api.GetAsync("/projects?order=asc")).Succeeded().Ids;
        var first = (await _api.GetAsync("/projects?order=asc&limit=2")).Succeeded();
        var second = (await _api.GetAsync($"/projects?order=asc&limit=2&after={first["last_id"]}")).Succeeded();
        var last = (await _api.GetAsync($"/projects?order=asc&limit=2&after={second["last_id"]}")).Succeeded();
        var back = (await _api.GetAsync($"/projects?order=asc&limit=2&before={all[4]}")).Succeeded();
        var newest = (await _api.GetAsync("/projects?limit=1")).Succeeded();

        Assert.Equal(5, all.Count);
        Assert.Equal(all, [.. first.Ids, .. second.Ids, .. last.Ids]);
        Assert.Equal(("True", "True", "False"), (first["has_more"], second["has_more"], last["has_more"]));
        Assert.Equal(all.Skip(2).Take(2), back.Ids);
        Assert.Equal([all[4]], newest.Ids);
    }

    /// <summary>Makes somebody a member; returns the id.</summary>
    private async Task<string> JoinAsync(string email, MemberRole role)
    {
        using var browser = await _host.SignUpAsync(email);
        return await _host.InScopeAsync<AccountsDb, string>(async db =>
        {
            var user = await db.Users.SingleAsync(one => one.Email == email);
            var organization = await db.Organizations.OrderBy(one => one.CreatedAt).FirstAsync();
            db.Memberships.Add(new Membership
            {
                OrganizationId = organization.Id, UserId = user.Id, Role = role, JoinedAt = TimeProvider.System.GetUtcNow(),
            });
            await db.SaveChangesAsync();
            return $"user-{user.Id:N}";
        });
    }

    private async Task<OrganizationPolicy> PolicyAsync()
    {
        var organization = await _host.InScopeAsync<AccountsDb, Guid>(
            db => db.Organizations.OrderBy(one => one.CreatedAt).Select(one => one.Id).FirstAsync());
        var redis = await _host.OpenRedisAsync();
        var json = await Until.ValueAsync(
            async () => (string?)await redis.StringGetAsync(RedisNames.Policy(organization)), "the policy of a new organization");
        return JsonSerializer.Deserialize(json, ContractsJson.Default.OrganizationPolicy)!;
    }
}
