using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Tests.Admission;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Tests.Authentication;

public sealed class AuthenticatorTests : IAsyncLifetime
{
    private MoneyBench _bench = null!;
    private MoneyGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _bench = await MoneyBench.StartAsync();
        _gateway = await _bench.StartGatewayAsync(null, "--Proxies:Trusted=10.0.0.0/8");
    }

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory]
    [InlineData(null, "Missing bearer")]
    [InlineData("Basic abc", "Missing bearer")]
    [InlineData("Bearer ", "Missing bearer")]
    [InlineData("Bearer sk-tg-000000000000-000000000000000000000000000000000-000000", "Incorrect API key")]
    [InlineData("Bearer x", "Incorrect API key")]
    public async Task AuthenticateAsync_refuses_what_is_no_key_without_any_look_up(string? header, string message)
    {
        var refusal = await RefusalAsync(header);

        Assert.Equal(401, refusal!.Status);
        Assert.StartsWith(message, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, _bench.Accounts.Asked);
    }

    [Fact]
    public async Task AuthenticateAsync_asks_Accounts_for_a_key_that_Redis_lacks_and_remembers_what_does_not_exist()
    {
        var organizationId = Guid.NewGuid();
        _bench.Accounts.SetPolicy(organizationId);
        var (_, unpublished) = _bench.Accounts.CreateKey(organizationId);
        var (_, _, unknown) = ApiKeyText.Create();

        Assert.Null(await RefusalAsync("Bearer " + unpublished));
        Assert.Equal(401, (await RefusalAsync("Bearer " + unknown))!.Status);
        Assert.Equal(401, (await RefusalAsync("Bearer " + unknown))!.Status);

        Assert.Equal(2, _bench.Accounts.Asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Made_up_keys_of_one_address_are_looked_up_a_few_times_a_minute_and_harm_nobody(bool atOnce)
    {
        var (_, known) = await _bench.AddOrganizationAsync();
        Assert.Null(await RefusalAsync("Bearer " + known, "192.0.2.66"));
        var asked = _bench.Accounts.Asked;

        var (refusals, started) = (new List<OpenAiError?>(), Stopwatch.GetTimestamp());
        if (atOnce)
        {
            refusals.AddRange(await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => RefusalAsync(MadeUp(), "192.0.2.66"))));
        }
        else
        {
            for (var i = 0; i < 300; i++)
            {
                refusals.Add(await RefusalAsync(MadeUp(), "192.0.2.66"));
            }
        }

        var drained = Stopwatch.GetElapsedTime(started).TotalSeconds / 2; // 30 a minute.
        Assert.InRange(_bench.Accounts.Asked - asked, 30, 30 + drained);
        Assert.Equal(_bench.Accounts.Asked - asked, refusals.Count(refusal => refusal!.Status == 401));
        Assert.All(
            refusals.Where(refusal => refusal!.Status != 401),
            refusal => Assert.Equal((429, true), (refusal!.Status, refusal.RetryAfter > TimeSpan.Zero)));
        var (_, fresh) = await _bench.AddOrganizationAsync();
        Assert.Null(await RefusalAsync("Bearer " + known, "192.0.2.66")); // Known keys of the same address go on,
        Assert.Null(await RefusalAsync("Bearer " + fresh, "192.0.2.67")); // and new ones of any other.
    }

    [Fact]
    public async Task Addresses_of_one_IPv6_network_share_a_budget()
    {
        for (var i = 0; i < 40; i++)
        {
            await RefusalAsync(MadeUp(), $"2001:db8:1:2::{i + 1:x}");
        }

        Assert.Equal(429, (await RefusalAsync(MadeUp(), "2001:db8:1:2:ffff::1"))!.Status);
        Assert.Equal(401, (await RefusalAsync(MadeUp(), "2001:db8:1:3::1"))!.Status);
    }

    [Fact]
    public async Task Guesses_of_a_known_keys_secret_are_bounded_too_and_one_wrong_secret_costs_one_look_up()
    {
        var (key, text) = await _bench.AddOrganizationAsync();
        string Guess() => "Bearer " + ApiKeyText.CreateSecret(key.PublicId).Text;

        var same = Guess();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(401, (await RefusalAsync(same, "192.0.2.70"))!.Status);
        }

        for (var i = 0; i < 40; i++)
        {
            await RefusalAsync(Guess(), "192.0.2.70");
        }

        Assert.Equal(429, (await RefusalAsync(Guess(), "192.0.2.70"))!.Status);
        Assert.Null(await RefusalAsync("Bearer " + text, "192.0.2.70"));
    }

    [Fact]
    public async Task Keys_that_exist_are_no_failures_however_many_come_at_once_and_whatever_became_of_them()
    {
        var organizationId = Guid.NewGuid();
        _bench.Accounts.SetPolicy(organizationId);
        var keys = Enumerable.Range(0, 100).Select(_ => _bench.Accounts.CreateKey(organizationId)).ToList();

        var refusals = await Task.WhenAll(keys.Select(key => RefusalAsync("Bearer " + key.Text)));
        await _bench.Accounts.ChangeKeyAsync(keys[0].Record.PublicId, record => record with { State = KeyState.Revoked });
        await _gateway.Admission.CheckAsync((await CallAsync("Bearer " + keys[0].Text)).Value!, Guid.NewGuid(), false, default);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("revoked_api_key", (await RefusalAsync("Bearer " + keys[0].Text))!.Code);
        }

        Assert.All(refusals, Assert.Null);
    }

    [Fact]
    public async Task AuthenticateAsync_answers_503_for_unknown_keys_while_Accounts_is_away_and_known_ones_go_on()
    {
        var (_, known) = await _bench.AddOrganizationAsync();
        var (_, _, unknown) = ApiKeyText.Create();
        await _bench.Accounts.DisposeAsync();

        Assert.Null(await RefusalAsync("Bearer " + known));
        Assert.Equal(503, (await RefusalAsync("Bearer " + unknown))!.Status);
    }

    [Fact]
    public async Task AuthenticateAsync_accepts_both_secrets_of_a_rotation_and_says_which_is_old()
    {
        var (key, old) = await _bench.AddOrganizationAsync();
        Assert.Null(await RefusalAsync("Bearer " + old));
        var (secret, current) = ApiKeyText.CreateSecret(key.PublicId);
        var newSecret = new KeySecret(Convert.ToBase64String(ApiKeyText.Mac(AccountsResponder.Pepper, secret)), "p1", null);
        await _bench.Accounts.ChangeKeyAsync(
            key.PublicId, record => record with { Secrets = [newSecret, record.Secrets[0] with { NotAfter = DateTimeOffset.MaxValue }] });

        var byNew = await _gateway.CallerAsync(current); // The record in memory does not have it yet.
        var byOld = await _gateway.CallerAsync(old);
        await _bench.Accounts.ChangeKeyAsync(
            key.PublicId, record => record with { Secrets = [newSecret, record.Secrets[1] with { NotAfter = DateTimeOffset.UnixEpoch }] });
        var check = await _gateway.Admission.CheckAsync(byOld, Guid.NewGuid(), false, CancellationToken.None);

        Assert.Null(byNew.OverlapEndsAt);
        Assert.Equal(DateTimeOffset.MaxValue, byOld.OverlapEndsAt);
        Assert.Equal(401, check.Refusal!.Status);
    }

    [Fact]
    public async Task AuthenticateAsync_refuses_by_state_expiry_network_and_suspension_and_lets_in_again()
    {
        var (key, text) = await _bench.AddOrganizationAsync();

        await _bench.Accounts.ChangeKeyAsync(key.PublicId, record => record with { State = KeyState.Disabled });
        Assert.Equal("disabled_api_key", (await RefusalAsync("Bearer " + text))!.Code);
        await _bench.Accounts.ChangeKeyAsync(
            key.PublicId, record => record with { State = KeyState.Active, ExpiresAt = DateTimeOffset.UnixEpoch });
        Assert.Equal("expired_api_key", (await RefusalAsync("Bearer " + text))!.Code);
        await _bench.Accounts.ChangeKeyAsync(key.PublicId, record => record with { ExpiresAt = null, Networks = ["192.0.2.0/24"] });
        Assert.Equal("ip_not_authorized", (await RefusalAsync("Bearer " + text, "198.51.100.7"))!.Code);
        Assert.Null(await RefusalAsync("Bearer " + text, "192.0.2.9"));
        await _bench.Accounts.ChangePolicyAsync(key.OrganizationId, policy => policy with { Suspended = true });
        Assert.Equal(
            403,
            (await _gateway.Admission.CheckAsync((await CallAsync("Bearer " + text, "192.0.2.9")).Value!, Guid.NewGuid(), false, default))
                .Refusal!.Status);
    }

    [Theory]
    [InlineData("203.0.113.5", "192.0.2.9", "203.0.113.5")] // Nobody vouches for the header.
    [InlineData("10.1.1.1", "192.0.2.9", "192.0.2.9")]
    [InlineData("10.1.1.1", "6.6.6.6, 192.0.2.9, 10.2.2.2", "192.0.2.9")]
    [InlineData("10.1.1.1", "", "10.1.1.1")]
    public void ClientAddress_believes_trusted_proxies_alone(string connection, string forwarded, string expected)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(connection).MapToIPv6();
        context.Request.Headers["X-Forwarded-For"] = forwarded;

        Assert.Equal(expected, _gateway.Get<ClientAddress>().Of(context)!.ToString());
    }

    [Theory]
    [InlineData("Proxies:Trusted", "10.0.0.0/8,192.168.0.0/16")]
    [InlineData("Proxies:Trusted:0", "10.0.0.0/8")]
    public void Trusted_proxies_are_one_setting_or_numbered_ones(string name, string value)
    {
        var services = new ServiceCollection();
        services.AddClientAddress(PlatformSettings.Read([$"--{name}={value}"]));
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("10.1.1.1");
        context.Request.Headers["X-Forwarded-For"] = "2001:db8:1:2:3::4";
        var addresses = services.BuildServiceProvider().GetRequiredService<ClientAddress>();

        Assert.Equal("2001:db8:1:2:3::4", addresses.Of(context)!.ToString());
        Assert.Equal("2001:db8:1:2::/64", addresses.SourceOf(context));
        Assert.Equal("2001:db8:1::/48", addresses.NetworkOf(context));
    }

    [Fact]
    public async Task A_lost_version_is_published_again_before_anything_is_admitted()
    {
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await _gateway.CallerAsync(text);
        await _bench.Redis.KeyDeleteAsync(RedisNames.Organization(key.OrganizationId));

        var admitted = await _gateway.AdmitAsync(caller, money: 10);

        Assert.NotNull(admitted.Ticket);
        Assert.Equal(1, _bench.Accounts.Asked);
    }

    [Fact]
    public async Task MayCall_lets_denial_win_and_knows_both_names()
    {
        var (key, text) = await _bench.AddOrganizationAsync();
        await _bench.Accounts.ChangeKeyAsync(
            key.PublicId, record =>
            record with { ModelsAllowed = ["gpt-3.5-turbo", "b"], ModelsDenied = ["b"], Scopes = [PublicEndpoint.Embeddings.Scope] });

        var caller = (await CallAsync("Bearer " + text)).Value!;

        Assert.True(caller.MayCall("gpt-3.5-turbo", "tiny-assistant"));
        Assert.False(caller.MayCall("b", "b"));
        Assert.False(caller.MayCall("c", "c"));
        Assert.True(caller.MayUse(PublicEndpoint.Embeddings.Scope));
        Assert.False(caller.MayUse(PublicEndpoint.ChatCompletions.Scope));
    }

    private static string MadeUp() => "Bearer " + ApiKeyText.Create().Text;

    private async Task<OpenAiError?> RefusalAsync(string? header, string? address = null) => (await CallAsync(header, address)).Refusal;

    private async Task<OrRefusal<Caller>> CallAsync(string? header, string? address = null)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? IPAddress.Loopback : IPAddress.Parse(address);
        context.Request.Headers.Authorization = header;
        return await _gateway.Get<Authenticator>().AuthenticateAsync(context, CancellationToken.None);
    }
}
