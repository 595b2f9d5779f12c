using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>A project from its first form to its archive, in a browser, and what its key may call meanwhile.</summary>
[Collection(SharedTollgate.Name)]
public sealed class BrowserProjectTests(SharedTollgate shared)
{
    [Fact]
    public async Task A_project_confines_its_key_to_a_model_and_ends_it_when_it_is_archived()
    {
        await using var browser = await Browser.StartAsync();
        var (email, password) = shared.Running.FirstAdmin;
        var admin = await browser.VisitAsync(shared.Running.Endpoints.Portal, "project");
        await admin.SignInAsync(email, password);
        var name = $"Shop {Guid.NewGuid():N}";

        var path = await admin.CreateProjectAsync(name);
        await admin.ConfineProjectAsync("tiny-embed", 50);
        await admin.SwitchToProjectAsync(name);
        using var client = shared.Running.Client(await admin.CreateKeyAsync("of the shop"));
        var allowed = await EmbedAsync(client);
        var refused = await client.PostAsync("/v1/chat/completions", new
        {
            model = "tiny-assistant", messages = new[] { new { role = "user", content = "Hi" } },
        });
        var explained = await admin.ExplainFirstKeyAsync("Requests per minute");
        var archived = await admin.ArchiveProjectAsync(path);
        var after = await EmbedAsync(client);

        Assert.Equal(HttpStatusCode.OK, allowed.Status);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.StartsWith(
            $"Project '{name}' does not have access to model 'tiny-assistant'.",
            refused.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("50 requests/min", explained, StringComparison.Ordinal);
        Assert.Contains($"project {name}", explained, StringComparison.Ordinal);
        Assert.Contains("An archived project cannot be brought back.", archived, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, after.Status);
        Assert.Equal("project_archived", after.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("", string.Join('\n', admin.ConsoleErrors));
    }

    [Fact]
    public async Task A_project_has_members_service_accounts_and_a_budget_of_its_own()
    {
        const string owner = "eve@project.example", member = "finn@project.example", password = "a walk in four gardens";
        await using var browser = await Browser.StartAsync();
        var eve = await browser.ArriveAsync(shared.Running.Endpoints, "project-owner", owner, password);
        await eve.InviteAsync(member);
        var finn = await browser.JoinAsync(shared.Running.Endpoints, "project-member", member, password);

        var path = await eve.CreateProjectAsync("Shop");
        var before = await finn.OpenRefusedAsync(path, "not-a-member");
        await eve.ChooseAsync("Add", member);
        await eve.SubmitAsync("Add to the project");
        await eve.ReachAsync("Shop", "member-added");
        await finn.GoAsync("/overview");
        await finn.SwitchToProjectAsync("Shop");
        using var ofMember = shared.Running.Client(await finn.CreateKeyAsync("of Finn"));
        var byMember = await FirstAsync(ofMember);
        await eve.FollowAsync($"Remove {member}");
        await eve.ShootAsync("remove-member");
        await eve.SubmitAsync("Remove from the project");
        await eve.SeeAsync("in force from the next request on", "member-removed");
        var removed = await EmbedAsync(ofMember);

        await eve.FollowAsync("Create service account");
        await eve.FillAsync("Name", "ci");
        await eve.ShootAsync("new-service-account");
        await eve.SubmitAsync("Create service account");
        await eve.SeeAsync("in force from the next request on", "service-account");
        await eve.SwitchToProjectAsync("Shop");
        using var ofAccount = shared.Running.Client(await eve.CreateKeyAsync("of ci", "the service account ci"));
        var byAccount = await FirstAsync(ofAccount);
        await SetBudgetAsync(eve, path, "0.000001");
        var broke = await ofAccount.PostAsync(Prompts.Chat, Prompts.France());
        var explained = await eve.ExplainFirstKeyAsync("Budget per month");
        await SetBudgetAsync(eve, path, "");
        var again = await EmbedAsync(ofAccount);
        await eve.FollowAsync("Delete ci");
        await eve.ShootAsync("delete-service-account");
        await eve.SubmitAsync("Delete service account");
        await eve.SeeAsync("in force from the next request on", "service-account-deleted");
        var deleted = await EmbedAsync(ofAccount);

        Assert.Equal(404, before);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (byMember.Status, removed.Status));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (byAccount.Status, again.Status));
        Assert.Equal(HttpStatusCode.TooManyRequests, broke.Status);
        Assert.Equal("project_spend_limit_exceeded", broke.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("project Shop", explained, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, deleted.Status);
        Assert.Equal("", string.Join('\n', eve.ConsoleErrors.Concat(finn.ConsoleErrors)));
    }

    private static async Task SetBudgetAsync(Visitor owner, string path, string dollars)
    {
        await owner.GoAsync(path);
        await owner.FillAsync("Budget per month, USD", dollars);
        await owner.SubmitAsync("Save");
        await owner.SeeAsync("in force from the next request on", "budget");
    }

    private static Task<ApiAnswer> FirstAsync(ApiClient client) => Until.ValueAsync(
        async () => await EmbedAsync(client) is { Status: HttpStatusCode.OK } ok ? ok : null, "the new key works");

    private static Task<ApiAnswer> EmbedAsync(ApiClient client) =>
        client.PostAsync("/v1/embeddings", new { model = "tiny-embed", input = "Hello" });
}
