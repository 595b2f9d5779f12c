using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;

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

    private static Task<ApiAnswer> EmbedAsync(ApiClient client) =>
        client.PostAsync("/v1/embeddings", new { model = "tiny-embed", input = "Hello" });
}
