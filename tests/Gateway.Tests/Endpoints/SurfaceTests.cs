using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

public sealed class SurfaceTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task The_list_of_models_has_real_names_and_aliases_and_nothing_hidden()
    {
        var key = await Gateway.CreateKeyAsync();

        using var response = await GetAsync(key, "/v1/models");

        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var ids = body.RootElement.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());
        Assert.Equal(["priceless", "tiny-assistant", "tiny-embed", "text-davinci-002", "text-embedding-ada-002"], ids);
        Assert.Equal("list", body.RootElement.GetProperty("object").GetString());
        Assert.False(response.Headers.Contains("x-ratelimit-limit-requests"));
        Assert.True(response.Headers.Contains("openai-project"));
    }

    [Fact]
    public async Task One_model_is_shown_by_its_name_or_an_alias()
    {
        var key = await Gateway.CreateKeyAsync();

        using var response = await GetAsync(key, "/v1/models/text-davinci-002");
        using var unknown = await GetAsync(key, "/v1/models/org/nobody");

        Assert.Equal(
            """{"id":"text-davinci-002","object":"model","created":1700000000,"owned_by":"tollgate"}""",
            await response.Content.ReadAsStringAsync());
        await ErrorTests.AssertErrorAsync(unknown, 404, "model_not_found");
    }

    [Fact]
    public async Task The_fleet_is_shown_to_services_alone()
    {
        using var client = new HttpClient { BaseAddress = new Uri(Gateway.App.Url(ListenerKind.Internal)) };

        using var stranger = await client.GetAsync("/internal/fleet");
        client.DefaultRequestHeaders.Authorization = TestBearers.Header("accounts", "gateway");
        var fleet = await client.GetFromJsonAsync("/internal/fleet", ContractsJson.Default.Fleet);

        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        var worker = Assert.Single(fleet!.Workers);
        Assert.True(worker.Healthy);
        Assert.Equal(3, worker.Status?.Models.Count);
        Assert.Equal(HttpStatusCode.NotFound, (await Gateway.Http.GetAsync("/internal/fleet")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/v1/models")).StatusCode);
    }

    [Fact]
    public async Task An_alias_that_changes_is_obeyed_without_a_restart()
    {
        var key = await Gateway.CreateKeyAsync();
        Gateway.Plane.Catalogue.Publish(new CatalogueSnapshot(
            new Dictionary<string,
                string> { ["text-davinci-002"] = "tiny-assistant", ["text-embedding-ada-002"] = "tiny-embed", ["new"] = "tiny-embed" },
            ["hidden"]));

        await Testing.Until.TrueAsync(
            async () => (await GetAsync(key, "/v1/models/new")).IsSuccessStatusCode, "the new alias", TimeSpan.FromSeconds(5));

        Gateway.Plane.Catalogue.Publish(new CatalogueSnapshot(
            new Dictionary<string, string> { ["text-davinci-002"] = "tiny-assistant", ["text-embedding-ada-002"] = "tiny-embed" },
                ["hidden"]));
        await Testing.Until.TrueAsync(
            async () => !(await GetAsync(key, "/v1/models/new")).IsSuccessStatusCode, "the old ones", TimeSpan.FromSeconds(5));
    }

    private Task<HttpResponseMessage> GetAsync(TestKey key, string path) =>
        Gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } });
}
