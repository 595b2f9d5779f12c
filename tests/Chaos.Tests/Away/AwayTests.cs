using Tollgate.Clusters;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Away;

/// <summary>What a customer meets while a part is away: one test for each promise, with the real parts of a cluster.</summary>
[Collection(SharedCluster.Name)]
public sealed class AwayTests(SharedCluster shared) : IAsyncLifetime
{
    /// <summary>A call that has no answer by then waits for a worker that gives none.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(2);

    private TollgateCluster Cluster => shared.Cluster;

    public Task InitializeAsync() => shared.ServesAsync();

    public Task DisposeAsync() => shared.ServesAsync();

    [Fact]
    public async Task A_worker_that_dies_before_the_first_byte_is_replaced_by_another_and_the_request_billed_once()
    {
        var victim = Cluster.Workers[0];
        victim.Freeze(); // It takes connections and answers nothing.
        List<Task<Answer>> calls = [];
        do
        {
            // At once, so that the frozen worker gets some, whatever it said of its load last.
            calls.AddRange(Enumerable.Range(0, 6).Select(_ => shared.Api.AskAsync(shared.Key)));
            await Task.WhenAny(Task.WhenAll(calls), Task.Delay(StuckAfter));
        }
        while (calls.TrueForAll(call => call.IsCompleted) && calls.Count < 60);
        await victim.KillAsync();
        var answers = await Task.WhenAll(calls);
        var after = await shared.Api.AskAsync(shared.Key);
        await victim.StartAsync();

        Assert.All([.. answers, after], answer => Assert.Equal(200, answer.Status));
        var rows = await BilledExactlyAsync(answers);
        Assert.Contains(rows, row => row.Attempt > 1);
    }

    [Fact]
    public async Task A_worker_that_dies_after_the_first_byte_ends_the_stream_in_an_error_frame_and_what_went_out_is_billed()
    {
        using var stream = await shared.Api.StreamAsync(shared.Key);
        await stream.ReadAsync(tokens: 20);
        var victim = Cluster.Workers[await shared.RunningAsync(0) > 0 ? 0 : 1];
        await victim.KillAsync();
        await stream.ReadAsync();
        await victim.StartAsync();

        Assert.StartsWith("{\"error\":", stream.Last, StringComparison.Ordinal);
        var row = await shared.BilledAsync(stream.RequestId);
        Assert.Equal(Outcome.FailedAfterFirstToken, row.Outcome);
        Assert.InRange(row.Completion, stream.Received, 4 * 480);
    }

    [Fact]
    public async Task A_worker_that_stops_in_order_ends_what_runs_gets_nothing_new_and_comes_back()
    {
        using var stream = await shared.Api.StreamAsync(shared.Key, tokens: 240);
        await stream.ReadAsync(tokens: 20);
        var victim = Cluster.Workers[await shared.RunningAsync(0) > 0 ? 0 : 1];
        var stopping = victim.StopAsync();
        var answers = new List<Answer>();
        while (!stopping.IsCompleted)
        {
            answers.Add(await shared.Api.AskAsync(shared.Key));
        }

        await stream.ReadAsync();
        await stopping;
        var stopped = (await shared.WorkersAsync()).Single(worker => worker.Id == victim.Name);
        var wasRead = await shared.HasReadLogOfAsync(victim.Name);
        answers.Add(await shared.Api.AskAsync(shared.Key));
        await victim.StartAsync();

        Assert.Equal("[DONE]", stream.Last);
        Assert.Equal(WorkerState.Stopped, stopped.State);
        Assert.True(wasRead, "Billing has not read the log of the worker that left to its end.");
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(Outcome.Completed, (await shared.BilledAsync(stream.RequestId)).Outcome);
        await BilledExactlyAsync(answers);
    }

    [Fact]
    public async Task Redis_that_hangs_refuses_with_503_and_when_to_come_back_and_never_lets_anything_through()
    {
        Cluster.Redis.Freeze();
        var asked = await shared.Api.AskAsync(shared.Key); // It ends while Redis still hangs: nobody waits for it.
        var listed = await shared.Api.ListAsync(shared.Key);
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shared.Api.AskAsync(shared.Key)));
        Cluster.Redis.Thaw();
        await shared.ServesAsync();

        Assert.All([asked, listed, .. many], AssertUnavailable);
        Assert.All(await Task.WhenAll(many.Select(refused => shared.ReadAsync(refused.RequestId))), AssertNothingCharged);
    }

    [Fact]
    public async Task Redis_that_is_gone_refuses_with_503_and_serves_again_from_nothing()
    {
        await Cluster.Redis.KillAsync();
        var asked = await shared.Api.AskAsync(shared.Key);
        var listed = await shared.Api.ListAsync(shared.Key);
        await Cluster.Redis.StartAsync();
        await shared.ServesAsync();

        Assert.All([asked, listed], AssertUnavailable);
        AssertNothingCharged(await shared.ReadAsync(asked.RequestId));
    }

    [Fact]
    public async Task Postgres_away_admission_goes_on_while_the_till_has_money_and_the_rows_catch_up_exactly()
    {
        await Cluster.Postgres.StopAsync(ChildSignal.Quit);
        var answers = new List<Answer>();
        for (var i = 0; i < 8; i++)
        {
            answers.Add(await shared.Api.AskAsync(shared.Key));
        }

        await Cluster.Postgres.StartAsync();

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        await BilledExactlyAsync(answers);
    }

    [Fact]
    public async Task Accounts_away_known_keys_go_on_unknown_ones_get_503_and_a_restarted_gateway_keeps_its_workers()
    {
        var (unseen, (_, _, invented)) = (await shared.CreateKeyAsync(), ApiKeyText.Create());
        await Cluster.Accounts.KillAsync();
        var known = await shared.Api.AskAsync(shared.Key);
        var unknown = await shared.Api.AskAsync(invented);
        var mistyped = await shared.Api.AskAsync(invented[..^1] + (invented[^1] == '0' ? '1' : '0'));
        await Cluster.Gateways[0].KillAsync();
        await Cluster.Gateways[0].StartAsync();
        var restarted = await Until.ValueAsync(
            async () => await shared.Api.AskAsync(shared.Key) is { Status: 200 } answer ? answer : null,
            "the restarted gateway answers", SharedCluster.Patience);
        await Cluster.Accounts.StartAsync();
        await Until.TrueAsync(
            async () => (await shared.Api.AskAsync(invented)).Status == 401,
            "Accounts says that there is no such key", SharedCluster.Patience);

        Assert.Equal(200, known.Status);
        AssertUnavailable(unknown);
        Assert.Equal("authentication_unavailable", unknown.Code);
        Assert.Equal(401, mistyped.Status); // The checksum alone says so.
        Assert.Equal(200, (await shared.Api.AskAsync(unseen)).Status);
        await BilledExactlyAsync([known, restarted]);
    }

    [Fact]
    public async Task Redis_wiped_and_Accounts_away_known_keys_get_503_not_401()
    {
        await Cluster.Accounts.KillAsync();
        await Cluster.Redis.KillAsync();
        await Cluster.Redis.StartAsync();
        var answer = await Until.ValueAsync(
            async () => await shared.Api.AskAsync(shared.Key) is { Code: not "server_is_overloaded" } refused ? refused : null,
            "Redis is back", SharedCluster.Patience);
        await Cluster.Accounts.StartAsync();
        await shared.ServesAsync();

        AssertUnavailable(answer);
    }

    [Fact]
    public async Task Billing_away_requests_go_on_and_are_booked_when_it_is_back()
    {
        await Cluster.Billing.KillAsync();
        Answer[] answers = [await shared.Api.AskAsync(shared.Key), await shared.Api.AskAsync(shared.Key)];
        await Cluster.Billing.StartAsync();

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        await BilledExactlyAsync(answers);
    }

    [Fact]
    public async Task Stripe_away_nothing_on_the_request_path_notices()
    {
        await Cluster.FakeStripe.KillAsync();
        Answer[] answers = [await shared.Api.AskAsync(shared.Key), await shared.Api.AskAsync(await shared.CreateKeyAsync())];
        var rows = await BilledExactlyAsync(answers); // Booked too, while it is away.
        await Cluster.FakeStripe.StartAsync();

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.All(rows, row => Assert.True(row.Amount > 0));
    }

    /// <summary>Each answer has one row with the units that it states.</summary>
    private async Task<IReadOnlyList<Billed>> BilledExactlyAsync(IReadOnlyList<Answer> answers)
    {
        var rows = await Task.WhenAll(answers.Select(answer => shared.BilledAsync(answer.RequestId)));
        Assert.Equal(answers.Select(answer => (answer.Prompt, answer.Completion)), rows.Select(row => (row.Prompt, row.Completion)));
        return rows;
    }

    private static void AssertUnavailable(Answer answer)
    {
        Assert.True(answer.Status == 503, $"{answer.Status}: {answer.Body}");
        Assert.True(answer.SaysWhenToRetry, answer.Body);
    }

    /// <summary>A refusal leaves no row; one whose admission was left open may leave one that charges nothing.</summary>
    private static void AssertNothingCharged(List<Billed> rows) => Assert.All(rows, row => Assert.Equal(0, row.Amount));
}
