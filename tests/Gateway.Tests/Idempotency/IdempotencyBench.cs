using System.Text;
using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Idempotency;

/// <summary>A gateway that the tests of idempotency keys share; each test brings its own API key and the worker's script.</summary>
public sealed class IdempotencyBench : IAsyncLifetime
{
    private ConnectionMultiplexer _redis = null!;

    internal GatewayUnderTest Gateway { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Gateway = await GatewayUnderTest.StartAsync();
        _redis = await ConnectionMultiplexer.ConnectAsync((await RedisServer.SharedAsync()).ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        await Gateway.DisposeAsync();
    }

    /// <summary>Sends a body under an idempotency key and reads the whole answer.</summary>
    internal async Task<Answer> PostAsync(
        TestKey key, string path, string json, string idempotencyKey, GatewayUnderTest? gateway = null)
    {
        using var request = GatewayUnderTest.Post(key, path, json);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        using var response = await (gateway ?? Gateway).Http.SendAsync(request);
        return new Answer(response, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>Everything of an organization's hash that speaks of idempotency keys, by field.</summary>
    internal async Task<Dictionary<string, string>> ClaimsAsync(TestKey key) =>
        (await _redis.GetDatabase().HashGetAllAsync(RedisNames.Organization(key.Record.OrganizationId)))
            .Where(field => field.Name.StartsWith("i:"))
            .ToDictionary(field => field.Name.ToString(), field => field.Value.ToString());

    /// <summary>Lets every claim of an organization pass its time.</summary>
    internal async Task ExpireAsync(TestKey key)
    {
        foreach (var (field, value) in await ClaimsAsync(key))
        {
            var parts = value.Split(' ');
            parts[1] = "1";
            await _redis.GetDatabase().HashSetAsync(
                RedisNames.Organization(key.Record.OrganizationId), field, string.Join(' ', parts));
        }
    }

    internal Task NoClaimAsync(TestKey key) =>
        Until.TrueAsync(async () => (await ClaimsAsync(key)).Count == 0, "the claim is gone");

    internal Task DoneAsync(TestKey key) => Until.TrueAsync(
        async () => (await ClaimsAsync(key)).Values.Any(claim => claim.StartsWith('D')), "the claim is done");
}

/// <summary>One answer, read to its end.</summary>
internal sealed class Answer(HttpResponseMessage response, byte[] body)
{
    public int Status { get; } = (int)response.StatusCode;

    public byte[] Body => body;

    public string Text => Encoding.UTF8.GetString(body);

    public string RequestId { get; } = response.Headers.GetValues("x-request-id").Single();

    public bool Replayed { get; } = response.Headers.TryGetValues("idempotency-replayed", out var values) && values.Single() == "true";

    public string? OriginalRequestId => Header("x-tollgate-original-request-id");

    public string? ContentType { get; } = response.Content.Headers.ContentType?.ToString();

    public string? RetryAfter => Header("Retry-After");

    public string? ShouldRetry => Header("x-should-retry");

    public string? Code => body.Length > 0 && body[0] == '{'
        && System.Text.Json.JsonElement.Parse(body).TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null;

    public string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
