using System.Net;
using System.Text.Json;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Every built method of the official npm client's <c>admin.organization</c> against the running system.</summary>
[Collection(SharedTollgate.Name)]
public sealed class AdminApiClientTests(SharedTollgate shared)
{
    [Fact]
    public async Task The_npm_client_manages_projects_members_keys_and_rules_and_reads_usage_costs_and_the_audit_log()
    {
        await using var browser = await Browser.StartAsync();
        var (email, password) = shared.Running.FirstAdmin;
        var owner = await browser.VisitAsync(shared.Running.Endpoints.Portal, "admin-api", new Look(1280, 900, false));
        await owner.SignInAsync(email, password);
        var key = await owner.CreateAdminKeyAsync("terraform");
        var run = await ProgramRun.RunAsync(
            "node", [Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "admin.mjs")],
            new Dictionary<string, string>
            {
                ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
                ["TOLLGATE_KEY"] = shared.Running.FirstKey,
                ["TOLLGATE_ADMIN_KEY"] = key,
                ["TOLLGATE_EMAIL"] = email,
            });

        var seen = JsonElement.Parse(run.Succeeded());
        using var client = shared.Running.Client(key);
        var usable = await client.GetAsync("/v1/organization/projects");
        await owner.LookAtAsync("/organization/admin-keys", "admin-keys");
        await owner.FollowAsync("Revoke terraform");
        await owner.ShootAsync("revoke-admin-key");
        await owner.SubmitAsync("Revoke admin key");
        await owner.ReachAsync("terraform is revoked", "admin-key-revoked");
        var revoked = await client.GetAsync("/v1/organization/projects");

        AssertProjects(seen);
        AssertMembers(seen);
        AssertKeys(seen);
        AssertRules(seen);
        AssertReports(seen);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (usable.Status, revoked.Status));
        Assert.Empty(owner.ConsoleErrors);
    }

    private static void AssertProjects(JsonElement seen)
    {
        var project = seen.GetProperty("project");
        Assert.Equal(("organization.project", "active"), (Text(project, "object"), Text(project, "status")));
        Assert.Equal(project.GetRawText(), seen.GetProperty("shown").GetRawText());
        Assert.StartsWith("renamed-", Text(seen.GetProperty("renamed"), "name"), StringComparison.Ordinal);
        Assert.Contains(Text(project, "id"), Texts(seen, "projects"));
        Assert.Equal(Texts(seen, "projects").Distinct().Count(), Texts(seen, "projects").Count);
        Assert.Equal("archived", Text(seen.GetProperty("archived"), "status"));
        Assert.Equal(("AuthenticationError", 401), Failure(seen, "archivedKey"));
    }

    private static void AssertMembers(JsonElement seen)
    {
        Assert.Equal(("organization.user", "owner"), (Text(seen.GetProperty("me"), "object"), Text(seen.GetProperty("me"), "role")));
        Assert.Equal(("ConflictError", 409), Failure(seen, "lastOwner"));
        Assert.Equal(("ConflictError", 409), Failure(seen, "removal"));
        Assert.Equal("role_owner", Text(seen.GetProperty("userRole"), "id"));
        Assert.Equal("user.role", Text(seen.GetProperty("givenRole"), "object"));
        Assert.Equal(
            ["organization.read", "usage.read", "billing.read"],
            seen.GetProperty("changedRole").GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
        Assert.Contains("role_developer", Texts(seen, "roles"));
        Assert.Equal("pending", Text(seen.GetProperty("invite"), "status"));
        Assert.Equal("organization.invite.deleted", Text(seen.GetProperty("deletedInvite"), "object"));
        Assert.Equal("owner", Text(seen.GetProperty("projectUser"), "role"));
    }

    private static void AssertKeys(JsonElement seen)
    {
        Assert.StartsWith("sk-tg-", Text(seen.GetProperty("account").GetProperty("api_key"), "value"), StringComparison.Ordinal);
        Assert.Equal(("robot", "chat.completion"), (Text(seen.GetProperty("accountRenamed"), "name"), Text(seen, "answered")));
        Assert.Equal(2, seen.GetProperty("keys").GetArrayLength());
        Assert.DoesNotContain(
            Text(seen.GetProperty("secondKey"), "value")!, seen.GetProperty("key").GetRawText(), StringComparison.Ordinal);
        Assert.Equal(("PermissionDeniedError", 403), Failure(seen, "outOfScope"));
        Assert.Equal(("AuthenticationError", 401), Failure(seen, "revoked"));
        Assert.Equal("sk-admin-", Text(seen.GetProperty("adminKey"), "value"));
        Assert.Equal(("AuthenticationError", 401), Failure(seen, "otherRevoked"));
        Assert.Equal(("PermissionDeniedError", 403), Failure(seen, "plainKey"));
        Assert.Equal(("AuthenticationError", 401), Failure(seen, "adminAsPlain"));
    }

    private static void AssertRules(JsonElement seen)
    {
        Assert.Equal(50, seen.GetProperty("rate").GetProperty("max_requests_per_1_minute").GetInt32());
        Assert.Equal(("PermissionDeniedError", 403), Failure(seen, "denied"));
        Assert.Equal("chat.completion", Text(seen, "allowed"));
        Assert.Equal(("RateLimitError", 429), Failure(seen, "broke"));
        Assert.Equal("project_spend_limit_exceeded", Text(seen.GetProperty("broke"), "code"));
        Assert.Equal("zero_data_retention", Text(seen.GetProperty("retentionShown"), "type"));
        foreach (var name in (string[])["alert", "projectAlert"])
        {
            var alert = seen.GetProperty(name);
            Assert.Equal(alert.GetProperty("made").GetRawText(), alert.GetProperty("shown").GetRawText());
            Assert.True(alert.GetProperty("deleted").GetProperty("deleted").GetBoolean());
        }
    }

    private static void AssertReports(JsonElement seen)
    {
        var project = Text(seen.GetProperty("project"), "id");
        Assert.Contains(seen.GetProperty("audit").EnumerateArray(), entry =>
            Text(entry, "type") == "project.created" && Text(entry.GetProperty("actor"), "type") == "api_key");
        Assert.Equal(0, seen.GetProperty("auditSince").GetInt32());
        Assert.Contains(Results(seen, "completions"), result => Text(result, "project_id") == project
            && result.GetProperty("input_tokens").GetInt64() > 0 && result.GetProperty("num_model_requests").GetInt64() >= 2);
        Assert.NotEmpty(Results(seen, "byMinute"));
        foreach (var name in (string[])["embeddings", "moderations", "images", "transcriptions"])
        {
            Assert.Equal("page", Text(seen.GetProperty(name), "object"));
        }

        var costs = Results(seen, "costs").ToList();
        Assert.Contains(costs, cost => Text(cost, "line_item") == "tiny-assistant, chat.completions");
        Assert.All(costs, cost => Assert.Equal("usd", Text(cost.GetProperty("amount"), "currency")));
        var ofProject = Results(seen, "costsOfProject").Sum(cost => cost.GetProperty("amount").GetProperty("value").GetDecimal());
        Assert.InRange(ofProject, 0.000000001m, costs.Sum(cost => cost.GetProperty("amount").GetProperty("value").GetDecimal()));
        Assert.Equal(("BadRequestError", 400), Failure(seen, "limitTooHigh"));
        Assert.Equal("limit", Text(seen.GetProperty("limitTooHigh"), "param"));
        Assert.Equal(("NotFoundError", 404), Failure(seen, "notBuilt"));
    }

    private static IEnumerable<JsonElement> Results(JsonElement seen, string report) => seen.GetProperty(report).GetProperty("data")
        .EnumerateArray().SelectMany(bucket => bucket.GetProperty("results").EnumerateArray());

    private static string? Text(JsonElement element, string member) => element.GetProperty(member).GetString();

    private static List<string?> Texts(JsonElement seen, string name) =>
        [.. seen.GetProperty(name).EnumerateArray().Select(one => one.GetString())];

    private static (string?, int) Failure(JsonElement seen, string name) =>
        (Text(seen.GetProperty(name), "class"), seen.GetProperty(name).GetProperty("status").GetInt32());
}
