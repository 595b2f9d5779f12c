using System.Net;
using Tollgate.EndToEnd.Tests.Books;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>kill -9 of each part under load: service returns by itself, and nothing is lost, doubled or overspent.</summary>
[Collection(KillableTollgate.Name)]
public sealed class PartKillTests(KillableTollgate killable)
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(45);

    [Fact]
    public Task Redis_may_die_under_load() => KillUnderLoadAsync(endpoints => endpoints.Pids.Redis);

    [Fact]
    public Task Postgres_may_die_under_load() => KillUnderLoadAsync(endpoints => endpoints.Pids.Postgres);

    [Fact]
    public Task The_worker_may_die_under_load() => KillUnderLoadAsync(endpoints => endpoints.Pids.Worker);

    private async Task KillUnderLoadAsync(Func<Endpoints, int> part)
    {
        var running = await killable.AliveAsync();
        var load = new Load(running.Endpoints.Api, running.FirstKey);
        load.Start();
        await AnswersAsync(load, 10);

        var victim = part(running.Endpoints);
        await RunningTollgate.SignalAsync(victim, "KILL");
        await Until.TrueAsync(() => part(running.Endpoints) != victim, "the part runs again", Recovery);
        await ServiceReturnsAsync(running);
        await AnswersAsync(load, 10);
        var records = await load.StopAsync();
        BooksReader.Reconnect();

        Assert.All(records, record => Assert.Contains(record.Status, new[] { 200, 500, 502, 503 }));
        await GatewayKillTests.BilledAsTrueAsync(running, records);
        await running.Books.AssertAgreeAsync();
    }

    private static async Task AnswersAsync(Load load, int more)
    {
        var before = load.Count(record => record.Complete);
        await Until.TrueAsync(() => load.Count(record => record.Complete) >= before + more, $"{more} more answers arrive", Recovery);
    }

    private static async Task ServiceReturnsAsync(RunningTollgate running)
    {
        using var client = running.Client();
        await Until.TrueAsync(
            async () =>
            (await client.PostAsync(Prompts.Chat, Prompts.France())).Status == HttpStatusCode.OK, "the service answers again", Recovery);
    }
}
