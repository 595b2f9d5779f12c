using System.Net;
using System.Text.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;

namespace Tollgate.Gateway.Tests.Pipeline;

/// <summary>What a key may do changes between two requests: the second one goes by the change, whether it allows less or more.</summary>
public sealed class RestrictionTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Chat = """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""";

    private int _changes;

    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task Scopes_are_obeyed_by_the_very_next_GET_and_POST()
    {
        var key = await Gateway.CreateKeyAsync();
        Assert.Equal(HttpStatusCode.OK, await GetAsync(key, "/v1/models"));

        await ChangeAsync(key, record => record with { Scopes = [PublicEndpoint.Embeddings.Scope] });
        var lessGet = await GetAsync(key, "/v1/models");
        await ChangeAsync(key, record => record with { Scopes = [PublicEndpoint.ChatCompletions.Scope, PublicEndpoint.Models.Scope] });
        var morePost = await PostAsync(key);
        await ChangeAsync(key, record => record with { Scopes = [PublicEndpoint.Embeddings.Scope] });
        var lessPost = await PostAsync(key);
        await ChangeAsync(key, record => record with { Scopes = null });
        var moreGet = await GetAsync(key, "/v1/models");

        Assert.Equal(
            [HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.OK],
            [lessGet, morePost, lessPost, moreGet]);
    }

    [Fact]
    public async Task Models_are_obeyed_by_the_very_next_GET_and_POST()
    {
        var key = await Gateway.CreateKeyAsync();
        Assert.Equal(HttpStatusCode.OK, await GetAsync(key, "/v1/models/tiny-assistant"));

        await ChangeAsync(key, record => record with { ModelsDenied = ["tiny-assistant"] });
        var lessGet = await GetAsync(key, "/v1/models/tiny-assistant");
        await ChangeAsync(key, record => record with { ModelsDenied = ["tiny-embed"] });
        var morePost = await PostAsync(key);
        await ChangeAsync(key, record => record with { ModelsDenied = null, ModelsAllowed = ["tiny-embed"] });
        var list = await ListAsync(key);
        await ChangeAsync(key, record => record with { ModelsAllowed = ["tiny-assistant"] });
        var moreGet = await GetAsync(key, "/v1/models/tiny-assistant");
        await ChangeAsync(key, record => record with { ModelsAllowed = ["tiny-embed"] });
        var lessPost = await PostAsync(key);

        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound],
            [lessGet, morePost, moreGet, lessPost]);
        Assert.Equal(["tiny-embed", "text-embedding-ada-002"], list); // By its name and by the alias of what is allowed.
    }

    private async Task ChangeAsync(TestKey key, Func<KeyRecord, KeyRecord> change)
    {
        var at = TimeProvider.System.GetUtcNow().AddMilliseconds(++_changes); // No two within one millisecond.
        await Gateway.PublishAsync(change(key.Record) with { Version = Guid.CreateVersion7(at) });
    }


    private async Task<HttpStatusCode> PostAsync(TestKey key)
    {
        using var response = await Gateway.PostAsync(key, "/v1/chat/completions", Chat);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> GetAsync(TestKey key, string path)
    {
        using var response = await SendAsync(key, path);
        return response.StatusCode;
    }

    private async Task<IEnumerable<string?>> ListAsync(TestKey key)
    {
        using var response = await SendAsync(key, "/v1/models");
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return [.. body.RootElement.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString())];
    }

    private async Task<HttpResponseMessage> SendAsync(TestKey key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } };
        return await Gateway.Http.SendAsync(request);
    }
}
