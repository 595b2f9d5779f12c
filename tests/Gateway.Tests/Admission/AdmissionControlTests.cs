using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Tests.Admission;

public sealed class AdmissionControlTests : IAsyncLifetime
{
    private MoneyBench _bench = null!;

    public async Task InitializeAsync() => _bench = await MoneyBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task AdmitAsync_leases_from_a_cold_start_holds_and_settles()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync(wallet: 10_000_000);
        var caller = await gateway.CallerAsync(text);

        var result = await gateway.AdmitAsync(caller, money: 1_000);
        var held = await _bench.TillAsync(key.OrganizationId);
        result.Ticket!.Progress(new Units(5, Output: 1));
        result.Ticket!.Close(Outcome.Completed, new Units(5, Output: 1), delivered: 1);
        await gateway.SettleAsync();
        var settled = await _bench.TillAsync(key.OrganizationId);

        Assert.Null(result.Refusal);
        Assert.Equal([1, 1_000_000, 0, 1_000], held!);
        Assert.Equal([1, 1_000_000, 1_000, 0], settled!);
        Assert.Equal(0, await _bench.HoldsAsync(key.OrganizationId));
    }

    [Fact]
    public async Task AdmitAsync_refuses_with_the_binding_limit_when_a_bucket_is_full()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync(keyLimits: new Limits { RequestsPerMinute = 2, TokensPerMinute = 1_000 });
        var caller = await gateway.CallerAsync(text);

        await gateway.AdmitAsync(caller, money: 10);
        await gateway.AdmitAsync(caller, money: 10);
        var refused = await gateway.AdmitAsync(caller, money: 10);
        var large = await gateway.AdmitAsync(caller, money: 10, rateTokens: 1_001);

        Assert.Equal("key.rpm", refused.Refusal!.BindingLimit);
        Assert.InRange(refused.Refusal!.RetryAfter!.Value, TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(30)); // 2 a minute: one in 30 s
        Assert.Equal(0, refused.Limits.Requests!.Remaining);
        Assert.Equal("key.tpm", large.Refusal!.BindingLimit);
        Assert.False(large.Refusal!.ShouldRetry);
    }

    [Fact]
    public async Task CheckAsync_refuses_a_revoked_key_on_the_very_next_call()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        var before = await gateway.Admission.CheckAsync(caller, Guid.NewGuid(), countRequest: false, CancellationToken.None);

        await _bench.Accounts.ChangeKeyAsync(key.PublicId, record => record with { State = KeyState.Revoked });
        var remembered = await gateway.CallerAsync(text);
        var check = await gateway.Admission.CheckAsync(remembered, Guid.NewGuid(), countRequest: false, CancellationToken.None);
        var admission = await gateway.AdmitAsync(remembered, money: 10);

        Assert.Null(before.Refusal);
        Assert.Equal(401, check.Refusal!.Status);
        Assert.Equal(401, admission.Refusal!.Status);
    }
}
