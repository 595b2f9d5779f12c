using System.Net;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Pipeline;

/// <summary>What a project may do changes between two requests: the second one of any of its keys goes by the change.</summary>
public sealed class ProjectRuleTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Chat = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task A_model_that_the_project_may_not_call_is_refused_by_its_name_on_the_very_next_request()
    {
        var key = await Gateway.CreateKeyAsync();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(key)).Status);

        await PublishAsync(key, new ProjectRules { Name = "Shop", ModelsAllowed = ["tiny-embed"] });
        var post = await PostAsync(key);
        var get = await GetAsync(key, "/v1/models/tiny-assistant");
        var unknown = await GetAsync(key, "/v1/models/no-such-model");
        var list = await GetAsync(key, "/v1/models");
        await PublishAsync(key, new ProjectRules { Name = "Shop", ModelsDenied = ["tiny-embed"] });
        var allowed = await PostAsync(key);

        Assert.Equal((HttpStatusCode.Forbidden, "model_not_found"), (post.Status, post.Code));
        Assert.Contains("Project 'Shop' does not have access to model 'tiny-assistant'", post.Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Forbidden, "model_not_found"), (get.Status, get.Code));
        Assert.Equal((HttpStatusCode.NotFound, "model_not_found"), (unknown.Status, unknown.Code));
        Assert.DoesNotContain("\"tiny-assistant\"", list.Body, StringComparison.Ordinal);
        Assert.Contains("\"tiny-embed\"", list.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, allowed.Status);
    }

    [Fact]
    public async Task A_key_of_an_archived_project_is_refused_on_the_very_next_request_and_another_projects_key_is_not()
    {
        var key = await Gateway.CreateKeyAsync();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(key)).Status);

        await PublishAsync(key, new ProjectRules { Name = "Shop", Archived = true });
        var (post, get) = (await PostAsync(key), await GetAsync(key, "/v1/models"));
        var other = await Gateway.CreateKeyAsync(
            record => record with { OrganizationId = key.Record.OrganizationId },
            policy => policy with
            {
                ProjectRules = new Dictionary<string, ProjectRules>
                {
                    [key.Record.ProjectId.ToString("N")] = new() { Name = "Shop", Archived = true },
                },
            });
        var sibling = await PostAsync(other);

        Assert.Equal((HttpStatusCode.Unauthorized, "project_archived"), (post.Status, post.Code));
        Assert.Contains("'Shop'", post.Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Unauthorized, "project_archived"), (get.Status, get.Code));
        Assert.Equal(HttpStatusCode.OK, sibling.Status);
    }

    [Fact]
    public async Task Another_projects_models_bind_nobody_else()
    {
        var key = await Gateway.CreateKeyAsync(changePolicy: policy => policy with
        {
            ProjectRules = new Dictionary<string, ProjectRules>
            {
                [Guid.NewGuid().ToString("N")] = new() { Name = "Shop", ModelsAllowed = ["tiny-embed"] },
            },
        });

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(key)).Status);
    }

    private Task PublishAsync(TestKey key, ProjectRules rules) => Gateway.PublishAsync(new OrganizationPolicy
    {
        OrganizationId = key.Record.OrganizationId,
        Version = GatewayUnderTest.NextVersion(),
        Suspended = false,
        Limits = Limits.None,
        Projects = new Dictionary<string, Limits>(),
        ProjectRules = new Dictionary<string, ProjectRules> { [key.Record.ProjectId.ToString("N")] = rules },
        Models = new Dictionary<string, Limits>(),
    });

    private async Task<Answer> PostAsync(TestKey key)
    {
        using var response = await Gateway.PostAsync(key, "/v1/chat/completions", Chat);
        return await Answer.ReadAsync(response);
    }

    private async Task<Answer> GetAsync(TestKey key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } };
        using var response = await Gateway.Http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private sealed record Answer(HttpStatusCode Status, string? Code, string Body)
    {
        public static async Task<Answer> ReadAsync(HttpResponseMessage response)
        {
            var body = await response.Content.ReadAsStringAsync();
            using var json = JsonDocument.Parse(body);
            var code = json.RootElement.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null;
            return new Answer(response.StatusCode, code, error.ValueKind == JsonValueKind.Object
                ? error.GetProperty("message").GetString()! : body);
        }
    }
}
