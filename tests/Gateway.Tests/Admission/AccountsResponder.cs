using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Admission;

/// <summary>
/// Answers as Accounts does, over real HTTP: keeps keys and policies, publishes them to
/// Redis on change, and again when a gateway asks for one.
/// </summary>
public sealed class AccountsResponder : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IDatabase _redis;
    private readonly ConcurrentDictionary<string, KeyRecord> _keys = new();
    private readonly ConcurrentDictionary<Guid, OrganizationPolicy> _policies = new();
    private int _asked;

    private AccountsResponder(WebApplication app, IDatabase redis) => (_app, _redis) = (app, redis);

    /// <summary>A pepper as both sides know it.</summary>
    public static byte[] Pepper { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public string Url => _app.Url(ListenerKind.Internal);

    /// <summary>How often a gateway asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Every batch of uses that came, those that were not answered with success too.</summary>
    public ConcurrentQueue<KeyUseBatch> Uses { get; } = new();

    /// <summary>How many more batches are booked and then answered with 500, as by a service that dies before it answers.</summary>
    public int UsesToFail { get; set; }

    public static async Task<AccountsResponder> StartAsync(IDatabase redis)
    {
        var builder = PlatformHost.CreateBuilder(
            [TestBearers.Argument("accounts"), "--Listen:Internal=http://127.0.0.1:0"],
            typeof(AccountsResponder).Assembly);
        builder.AddServiceDefaults();
        var app = builder.Build();
        var responder = new AccountsResponder(app, redis);
        var keys = app.MapInternal("/internal/keys", "gateway");
        keys.MapPost("/resolve", responder.ResolveAsync);
        keys.MapPost("/uses", responder.TakeUsesAsync);
        await app.StartAsync();
        return responder;
    }

    /// <summary>Makes a key, not yet published.</summary>
    public (KeyRecord Record, string Text) CreateKey(Guid organizationId, Limits? limits = null, Func<KeyRecord, KeyRecord>? change = null)
    {
        var (publicId, secret, text) = ApiKeyText.Create();
        var record = new KeyRecord
        {
            PublicId = publicId,
            KeyId = Guid.NewGuid(),
            OrganizationId = organizationId,
            ProjectId = Guid.NewGuid(),
            Version = NextVersion(),
            State = KeyState.Active,
            Secrets = [new KeySecret(Convert.ToBase64String(ApiKeyText.Mac(Pepper, secret)), "p1", null)],
            Limits = limits ?? Limits.None,
        };
        record = change?.Invoke(record) ?? record;
        _keys[publicId] = record;
        return (record, text);
    }

    public OrganizationPolicy SetPolicy(Guid organizationId, Func<OrganizationPolicy, OrganizationPolicy>? change = null)
    {
        var policy = new OrganizationPolicy
        {
            OrganizationId = organizationId,
            Version = NextVersion(),
            Suspended = false,
            Limits = Limits.None,
            Projects = new Dictionary<string, Limits>(),
            Models = new Dictionary<string, Limits>(),
        };
        return _policies[organizationId] = change?.Invoke(policy) ?? policy;
    }

    /// <summary>Changes a key and publishes it, as Accounts does on every change.</summary>
    public async Task<KeyRecord> ChangeKeyAsync(string publicId, Func<KeyRecord, KeyRecord> change)
    {
        var record = _keys[publicId] = change(_keys[publicId]) with { Version = NextVersion() };
        await PublishAsync(publicId);
        return record;
    }

    public async Task ChangePolicyAsync(Guid organizationId, Func<OrganizationPolicy, OrganizationPolicy> change)
    {
        var policy = _policies[organizationId] = change(_policies[organizationId]) with { Version = NextVersion() };
        await PublishAsync(policy);
    }

    /// <summary>Writes the key's record, its organization's policy and both versions to Redis.</summary>
    public async Task PublishAsync(string publicId)
    {
        var record = _keys[publicId];
        await PublishAsync(_policies[record.OrganizationId]);
        await _redis.StringSetAsync(
            RedisNames.Key(publicId), System.Text.Json.JsonSerializer.Serialize(record, ContractsJson.Default.KeyRecord));
        await _redis.HashSetAsync(
            RedisNames.Organization(record.OrganizationId), RedisNames.KeyVersionField(publicId), record.Version.ToString("N"));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static Guid NextVersion() =>
        Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddMilliseconds(Interlocked.Increment(ref _versions)));

    private static int _versions;

    private async Task PublishAsync(OrganizationPolicy policy)
    {
        await _redis.StringSetAsync(
            RedisNames.Policy(policy.OrganizationId),
            System.Text.Json.JsonSerializer.Serialize(policy, ContractsJson.Default.OrganizationPolicy));
        await _redis.HashSetAsync(
            RedisNames.Organization(policy.OrganizationId), RedisNames.PolicyVersionField, policy.Version.ToString("N"));
    }

    private async Task<IResult> TakeUsesAsync(HttpRequest request)
    {
        Uses.Enqueue((await request.ReadFromJsonAsync(ContractsJson.Default.KeyUseBatch))!);
        return UsesToFail-- > 0 ? TypedResults.StatusCode(500) : TypedResults.NoContent();
    }

    private async Task<IResult> ResolveAsync(HttpRequest request)
    {
        Interlocked.Increment(ref _asked);
        var asked = await request.ReadFromJsonAsync(ContractsJson.Default.ResolveKey);
        if (!_keys.TryGetValue(asked!.PublicId, out var key))
        {
            return TypedResults.NotFound();
        }

        await PublishAsync(key.PublicId);
        return TypedResults.Json(new ResolvedKey(key, _policies[key.OrganizationId]), ContractsJson.Default.ResolvedKey);
    }
}
