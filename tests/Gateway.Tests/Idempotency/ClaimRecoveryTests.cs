using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Tests.Admission;

namespace Tollgate.Gateway.Tests.Idempotency;

/// <summary>Claims of gateways that die while Redis lives on.</summary>
public sealed class ClaimRecoveryTests : IAsyncLifetime
{
    private MoneyBench _bench = null!;

    public async Task InitializeAsync() => _bench = await MoneyBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task The_next_start_of_a_killed_gateway_leaves_its_keys_to_the_next_request()
    {
        var (gateway, other) = (await _bench.StartGatewayAsync(), await _bench.StartGatewayAsync());
        var (key, text) = await _bench.AddOrganizationAsync();
        var killed = await AdmitAsync(gateway, text);
        killed.Ticket!.Progress(new Units(5, Output: 1));
        var meanwhile = await AdmitAsync(other, text);

        await gateway.StopAsync(); // The ticket is not closed: for the journal it is as after kill -9.
        var next = await _bench.StartGatewayAsync(gateway.Folder);
        await next.SettleAsync();
        var retry = await AdmitAsync(other, text);

        Assert.Equal("idempotency_key_in_use", meanwhile.Refusal?.Code);
        Assert.Contains($"{killed.Ticket!.RequestId:N}", meanwhile.Refusal!.Message, StringComparison.Ordinal);
        Assert.NotNull(retry.Ticket);
        Assert.Equal(1, await _bench.HoldsAsync(key.OrganizationId));
        retry.Ticket!.Dispose();
    }

    [Fact]
    public async Task A_key_stays_in_use_while_its_answer_is_on_its_way_to_the_store_and_is_done_when_it_is_there()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        var first = await AdmitAsync(gateway, text);

        first.Ticket!.Answer(Outcome.Completed, new Units(5, Output: 1), 6, [1]);
        await gateway.SettleAsync();
        var early = await AdmitAsync(gateway, text);
        first.Ticket!.Close(Outcome.Completed, new Units(5, Output: 1), 1, kind: SettlementKind.SettleKept);
        await gateway.SettleAsync();
        var done = await AdmitAsync(gateway, text);

        Assert.Equal("idempotency_key_in_use", early.Refusal?.Code);
        Assert.Equal((first.Ticket!.RequestId, "idempotency_answer_not_kept"), (done.AnsweredBy, done.Refusal?.Code));
        Assert.Equal(OpenAiError.IdempotencyAnswerGone(first.Ticket!.RequestId), done.Refusal);
    }

    private static async Task<AdmissionResult> AdmitAsync(MoneyGateway gateway, string keyText)
    {
        var now = TimeProvider.System.GetUtcNow();
        return await gateway.Admission.AdmitAsync(
            await gateway.CallerAsync(keyText), Guid.CreateVersion7(now), MoneyGateway.Demand(money: 10), CancellationToken.None,
            new IdempotencyClaim("i:key:hash", "fingerprint", now.ToUnixTimeMilliseconds()));
    }
}
