using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Telemetry;

public sealed class GatewayMetricsTests
{
    private const string Chat = """{"model": "tiny-assistant", "messages": [{"role": "user", "content": "Hi"}]}""";
    private const string Call = "gen_ai.operation.name=chat,gen_ai.provider.name=tollgate,gen_ai.request.model=tiny-assistant";

    [Fact]
    public async Task A_request_is_in_flight_until_its_end_and_counts_its_tokens_once()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var metrics = new RecordedMetrics(gateway.App.Services);
        var worker = new Uri(gateway.Worker.Url).Authority;
        var release = new TaskCompletionSource();
        gateway.Worker.Script = async call =>
        {
            await release.Task;
            await call.AnswerAsync("{}", new Units(3, Output: 2));
        };

        var answering = gateway.PostAsync(await gateway.CreateKeyAsync(), "/v1/chat/completions", Chat);
        await Until.TrueAsync(
            () => metrics.Gauge($"tollgate.gateway.worker.in_flight{{worker={worker}}}") == 1, "the request is at the worker");

        Assert.Equal(1, metrics.Gauge("tollgate.gateway.requests.in_flight{gen_ai.operation.name=chat}"));
        Assert.Equal(0, metrics.Gauge("tollgate.gateway.requests.in_flight{gen_ai.operation.name=embeddings}"));
        Assert.Equal(0, metrics.Gauge("tollgate.gateway.admission.waiting"));
        release.SetResult();
        (await answering).Dispose();
        await Until.TrueAsync(
            () => metrics.Sum($"gen_ai.client.token.usage{{{Call},gen_ai.token.type=output}}") == 2, "the request is measured");
        Assert.Equal(3, metrics.Sum($"gen_ai.client.token.usage{{{Call},gen_ai.token.type=input}}"));
        Assert.True(metrics.Sum(
            "gen_ai.server.request.duration{gen_ai.operation.name=chat,gen_ai.provider.name=tollgate,"
            + "gen_ai.request.model=tiny-assistant,http.response.status_code=200}") > 0);
        Assert.True(metrics.Sum("tollgate.gateway.admission.duration{outcome=admitted}") > 0);
        Assert.True(metrics.Sum(
            "db.client.operation.duration{db.operation.name=EVALSHA,db.stored_procedure.name=Admission,db.system.name=redis}") > 0);
        Assert.Equal(0, metrics.Gauge("tollgate.gateway.requests.in_flight{gen_ai.operation.name=chat}"));
    }

    [Fact]
    public async Task A_worker_that_is_away_shows_its_open_circuit()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var metrics = new RecordedMetrics(gateway.App.Services);
        var series = $"tollgate.gateway.worker.circuit_open{{worker={new Uri(gateway.Worker.Url).Authority}}}";
        Assert.Equal(0, metrics.Gauge(series));

        await gateway.Worker.DisposeAsync();

        await Until.TrueAsync(() => metrics.Gauge(series) == 1, "the circuit is open");
    }

    [Fact]
    public async Task Usage_that_Billing_does_not_take_shows_its_bytes_and_its_age()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var metrics = new RecordedMetrics(gateway.App.Services);
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(3, Output: 2));
        var key = await gateway.CreateKeyAsync();
        (await gateway.PostAsync(key, "/v1/chat/completions", Chat)).Dispose(); // Its till has money from here on.
        await Until.TrueAsync(() => metrics.Gauge("tollgate.gateway.journal.unshipped.age") == 0, "all is shipped");
        var before = metrics.Gauge("tollgate.gateway.journal.unshipped");

        await gateway.Plane.DisposeAsync();
        (await gateway.PostAsync(key, "/v1/chat/completions", Chat)).Dispose();

        await Until.TrueAsync(() => metrics.Gauge("tollgate.gateway.journal.unshipped.age") > 0, "the age of what waits");
        Assert.True(metrics.Gauge("tollgate.gateway.journal.unshipped") > before);
    }
}
