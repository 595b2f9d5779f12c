using System.Net;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>kill -9 around requests with an idempotency key: a whole answer is found again, half an answer never.</summary>
[Collection(KillableTollgate.Name)]
public sealed class IdempotencyKillTests(KillableTollgate killable) : IAsyncLifetime
{
    private readonly string _idempotencyKey = Guid.NewGuid().ToString();

    private RunningTollgate Running => killable.Running;

    public Task InitializeAsync() => killable.AliveAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_stream_that_was_cut_is_run_anew_and_then_found_again()
    {
        var key = await Running.Internal.CreateKeyAsync("idempotent, killed");
        using var client = Running.Client(key.Text);
        var body = Prompts.Endless(stream: true, tokens: 200);
        using var cut = await client.StreamAsync(Prompts.Completions, body, _idempotencyKey);
        await cut.ReadTokensAsync(40);

        await Running.KillAsync();
        var broke = await cut.ReadUntilBrokenAsync();
        await Running.StartAgainAsync();
        using var next = Running.Client(key.Text);
        using var retry = await WhenFreeAsync(() => next.StreamAsync(Prompts.Completions, body, _idempotencyKey));
        await retry.ReadToEndAsync();
        using var again = await next.StreamAsync(Prompts.Completions, body, _idempotencyKey);
        await again.ReadToEndAsync();
        var (first, second) = (await Running.Books.OneAsync(cut.RequestId), await Running.Books.OneAsync(retry.RequestId));

        Assert.True(broke && !cut.Ended);
        Assert.True(retry.Ended && again.Ended);
        Assert.Equal(retry.Events, again.Events);
        Assert.Equal((Outcome.GatewayDied, Outcome.Completed), (first.Outcome, second.Outcome));
        Assert.InRange(first.Units.Completion, cut.Delivered, (4 * 200) - 1);
        Assert.Equal(retry.Delivered, second.Units.Completion);
        Assert.Equal(2, (await Running.Books.OfKeyAsync(key.KeyId)).Count);
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task An_answer_survives_Redis_and_the_gateway_and_is_billed_once()
    {
        var key = await Running.Internal.CreateKeyAsync("idempotent, wiped");
        using var client = Running.Client(key.Text);
        var first = await client.PostAsync(Prompts.Chat, Prompts.France(), _idempotencyKey);
        var redis = Running.Endpoints.Pids.Redis;

        await RunningTollgate.SignalAsync(redis, "KILL"); // It comes back empty: nobody but the store remembers.
        await Until.TrueAsync(() => Running.Endpoints.Pids.Redis != redis, "Redis runs again", TimeSpan.FromSeconds(45));
        var wiped = await AnsweredAsync(client);
        await Running.KillAsync();
        await Running.StartAgainAsync();
        using var next = Running.Client(key.Text);
        var restarted = await AnsweredAsync(next);
        var row = await Running.Books.OneAsync(first.RequestId);

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal((first.Body, first.Body), (wiped.Body, restarted.Body));
        Assert.Equal("true", wiped.Header("idempotency-replayed"));
        Assert.Equal($"req_{first.RequestId:N}", restarted.Header("x-tollgate-original-request-id"));
        Assert.Equal(row.RequestId, Assert.Single(await Running.Books.OfKeyAsync(key.KeyId)).RequestId);
        await Running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task An_answer_that_was_neither_kept_nor_delivered_costs_nothing_and_its_retry_is_billed_once()
    {
        var key = await Running.Internal.CreateKeyAsync("idempotent, killed while its answer was stored");
        using var client = Running.Client(key.Text);
        Task<ApiAnswer> killed;
        await using (var store = await Running.Books.HoldUpWritesAsync("billing.idempotent_answers"))
        {
            killed = client.PostAsync(Prompts.Chat, Prompts.France(), _idempotencyKey);
            await Until.TrueAsync(store.IsWaitedForAsync, "the complete answer waits for the store");
            await Running.KillAsync();
        }

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => killed);
        await Running.StartAgainAsync();
        using var next = Running.Client(key.Text);
        var retry = await AnsweredAsync(next);
        var again = await AnsweredAsync(next);
        await Running.Books.OneAsync(retry.RequestId);
        var rows = await Running.Books.OfKeyAsync(key.KeyId);

        Assert.Equal((null, "true"), (retry.Header("idempotency-replayed"), again.Header("idempotency-replayed")));
        Assert.Equal([Outcome.GatewayDied, Outcome.Completed], rows.Select(row => row.Outcome));
        Assert.Equal((default(Units), 0m), (rows[0].Units, rows[0].Amount));
        await Running.Books.AssertAgreeAsync();
    }

    private Task<ApiAnswer> AnsweredAsync(ApiClient client) => Until.ValueAsync(
        async () => await client.PostAsync(Prompts.Chat, Prompts.France(), _idempotencyKey) is { Status: HttpStatusCode.OK } answer
            ? answer : null,
        "it answers", TimeSpan.FromSeconds(45));

    /// <summary>The first seconds may answer 503, and 409 while the request that died is being ended.</summary>
    private static Task<EventStream> WhenFreeAsync(Func<Task<EventStream>> call) => Until.ValueAsync(
        async () =>
        {
            try
            {
                return await call();
            }
            catch (UnexpectedAnswerException refused)
                when (refused.Answer.Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.Conflict)
            {
                return null;
            }
        },
        "the retry runs", TimeSpan.FromSeconds(45));
}
