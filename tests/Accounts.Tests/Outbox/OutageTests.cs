using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Outbox;

/// <summary>Redis is killed and comes back empty, on a server of this class alone.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Revoke_during_an_outage_is_said_honestly_and_reaches_Redis_by_the_outbox()
    {
        await using var server = await RedisServer.StartAsync();
        await using var host = await AccountsHost.StartAsync(server.ConnectionString);
        using var browser = await host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var keyId = await host.InScopeAsync<AccountsDb, Guid>(db => db.ApiKeys.Select(k => k.Id).SingleAsync());
        await server.KillAsync();

        var page = await browser.SubmitAsync($"/keys/{keyId}/revoke", "revoke");
        using var gateway = host.ClientAs("gateway");
        using var resolved = await gateway.PostAsJsonAsync("/internal/keys/resolve", new ResolveKey(publicId));
        await server.RestartAsync();

        Assert.Contains("Redis has not acknowledged it yet", page.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, resolved.StatusCode);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        var json = await Until.ValueAsync<string>(
            async () => await redis.GetDatabase().StringGetAsync(RedisNames.Key(publicId)), "the tombstone", TimeSpan.FromSeconds(30));
        Assert.Equal(KeyState.Revoked, JsonSerializer.Deserialize(json, ContractsJson.Default.KeyRecord)!.State);
        await Until.TrueAsync(() => host.InScopeAsync<AccountsDb, bool>(async db => !await db.Outbox.AnyAsync()), "the outbox is empty");
        Assert.Contains("Acknowledged", (await browser.OpenAsync($"/keys/{keyId}/revoke")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_that_died_between_commit_and_Redis_is_published_by_the_next_start()
    {
        await using var server = await RedisServer.StartAsync();
        await using var host = await AccountsHost.StartAsync(server.ConnectionString);
        using var browser = await host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);

        // What a process leaves that dies right after its commit: the row and its message.
        await host.InScopeAsync<AccountsDb, int>(async db =>
        {
            var key = await db.ApiKeys.SingleAsync();
            key.Revoke(TimeProvider.System);
            db.Outbox.Add(OutboxMessage.Create(OutboxKind.Key, key.Id, TimeProvider.System.GetUtcNow()));
            return await db.SaveChangesAsync();
        });

        await Until.TrueAsync(
            async () => JsonSerializer.Deserialize(
                (string)(await redis.GetDatabase().StringGetAsync(RedisNames.Key(publicId)))!, ContractsJson.Default.KeyRecord)!
                .State == KeyState.Revoked,
            "the tombstone");
    }
}
