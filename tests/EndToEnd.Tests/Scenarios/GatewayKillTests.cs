using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.EndToEnd.Tests.Books;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>
/// kill -9 of the process that holds the gateway, in each phase of a request, then a start on the same data: exactly one row where one is
/// due, none that charges where nothing is, and delivered ≤ billed ≤ generated.
/// </summary>
[Collection(KillableTollgate.Name)]
public sealed class GatewayKillTests(KillableTollgate killable) : IAsyncLifetime
{
    private RunningTollgate Running => killable.Running;

    public Task InitializeAsync() => killable.AliveAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_stream_that_was_cut_is_billed_once_for_at_least_what_arrived()
    {
        using var client = Running.Client();
        using var stream = await client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true));
        await stream.ReadTokensAsync(40);

        await Running.KillAsync();
        var broke = await stream.ReadUntilBrokenAsync();
        await Running.StartAgainAsync();
        var row = await Running.Books.OneAsync(stream.RequestId);

        Assert.True(broke && !stream.Ended, "a cut stream must not look like a whole one");
        Assert.Equal((Outcome.GatewayDied, UsageSource.Recovery), (row.Outcome, row.Source));
        Assert.InRange(stream.Delivered, 40, row.Units.Completion);
        Assert.True(row.Delivered <= row.Units.Completion);
        Assert.True(row.Units.Prompt > 0 && row.Amount > 0);
        Assert.True(row.Units.Completion < 4 * 480, "the test killed it too late to mean anything");
        await AssertWitnessedAsync(row.RequestId, row.Units.Completion);
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task A_call_without_an_answer_costs_nothing_when_it_was_killed_at_work()
    {
        var key = await Running.Internal.CreateKeyAsync("killed at work");
        using var client = Running.Client(key.Text);
        var call = AttemptAsync(() => client.PostAsync(Prompts.Completions, Prompts.Endless(stream: false)));
        await Until.TrueAsync(() => JournalPeek.HasAdmitted(Running.Data, key.KeyId), "the request is admitted");
        await Until.TrueAsync(async () => await Running.Internal.ActiveAsync() > 0, "the worker is at it");

        await Running.KillAsync();
        var answer = await call;
        await Running.StartAgainAsync();
        var row = await OnlyRowAsync(key.KeyId);

        Assert.Null(answer);
        Assert.Equal((default(Units), 0m, 0L), (row.Units, row.Amount, row.Delivered));
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task A_request_held_but_not_yet_with_the_worker_costs_nothing_and_frees_its_hold()
    {
        var key = await Running.Internal.CreateKeyAsync("killed between");
        using var client = Running.Client(key.Text);
        await RunningTollgate.SignalAsync(Running.Endpoints.Pids.Worker, "STOP"); // Takes connections, answers none.
        var call = AttemptAsync(() => client.PostAsync(Prompts.Chat, Prompts.France()));
        await Until.TrueAsync(() => JournalPeek.HasAdmitted(Running.Data, key.KeyId), "the request is admitted");

        await Running.KillAsync();
        var answer = await call;
        await Running.StartAgainAsync();
        var row = await OnlyRowAsync(key.KeyId);

        Assert.Null(answer);
        Assert.Equal((default(Units), 0m), (row.Units, row.Amount));
        await AssertNoHoldsAsync();
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task A_request_whose_admission_is_unknown_costs_nothing()
    {
        var key = await Running.Internal.CreateKeyAsync("killed before Redis answered");
        using var client = Running.Client(key.Text);
        var redis = Running.Endpoints.Pids.Redis;
        var known = await client.PostAsync(Prompts.Chat, Prompts.France()); // The gateway knows the key from here on.
        await RunningTollgate.SignalAsync(redis, "STOP");
        var call = AttemptAsync(() => client.PostAsync(Prompts.Chat, Prompts.France()));

        await Running.KillAsync(); // OPEN is written, or it is not; Redis has seen nothing of it in either case.
        _ = await call;
        await Running.StartAgainAsync();
        using var next = Running.Client(key.Text);
        var after = await next.PostAsync(Prompts.Chat, Prompts.France());
        await Running.Books.OneAsync(after.RequestId);
        var rows = await Running.Books.OfKeyAsync(key.KeyId);

        Assert.Equal([known.RequestId, after.RequestId], rows.Where(row => row.Amount > 0).Select(row => row.RequestId));
        Assert.All(rows, row => Assert.Equal(0, row.Seq));
        Assert.True(rows.Count <= 3);
        await AssertNoHoldsAsync();
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task Every_answer_that_arrived_is_billed_exactly_once_when_it_is_killed_under_load()
    {
        var load = new Load(Running.Endpoints.Api, Running.FirstKey);
        load.Start();
        await Until.TrueAsync(() => load.Count(record => record.Complete) >= 20, "some answers arrived", TimeSpan.FromSeconds(30));

        await Running.KillAsync();
        var records = await load.StopAsync();
        await Running.StartAgainAsync();

        await BilledAsTrueAsync(Running, records);
        await AssertNoHoldsAsync();
        await Running.Books.AssertAgreeAsync();
    }

    /// <summary>Waits for the rows of all answers, then compares each with what the client saw.</summary>
    internal static async Task BilledAsTrueAsync(RunningTollgate running, IReadOnlyList<TrueAnswer> records)
    {
        foreach (var record in records.Where(record => record.Complete || record.Delivered > 0))
        {
            var row = await running.Books.OneAsync(record.RequestId);

            Assert.True(row.Units.Completion >= record.Delivered, $"{record} arrived, {row} was billed");
            Assert.True(!record.Complete || row.Units.Completion == record.Delivered, $"{record} arrived whole, {row} was billed");
            Assert.True(record.Usage is null || record.Usage.Prompt == row.Units.Prompt, $"{record} arrived, {row} was billed");
        }
    }

    private async Task<BookedUsage> OnlyRowAsync(Guid keyId) => Assert.Single(await Until.ValueAsync(
        async () => await Running.Books.OfKeyAsync(keyId) is { Count: > 0 } rows ? rows : null, "the row that recovery writes"));

    private async Task AssertNoHoldsAsync()
    {
        await using var till = await TillReader.OpenAsync(Running.Endpoints.Redis);
        await Until.TrueAsync(async () => await till.HoldsAsync() == 0, "no hold is left");
    }

    /// <summary>The worker was killed too; where its log still has the request, it must not have generated less than was billed.</summary>
    private async Task AssertWitnessedAsync(Guid requestId, long billed) => Assert.All(
        (await Running.Internal.WitnessAsync()).Where(entry => entry.RequestId == requestId),
        entry => Assert.InRange(billed, 0, entry.Units.Completion));

    private static async Task<ApiAnswer?> AttemptAsync(Func<Task<ApiAnswer>> call)
    {
        try
        {
            return await call();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
