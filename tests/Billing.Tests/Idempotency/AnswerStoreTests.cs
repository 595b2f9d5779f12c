using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Billing.Idempotency;
using Tollgate.Contracts.Idempotency;

namespace Tollgate.Billing.Tests.Idempotency;

public sealed class AnswerStoreTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    /// <summary>A minute before midnight, where two days meet.</summary>
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(TimeProvider.System.GetUtcNow().Date.AddDays(1), TimeSpan.Zero)
        - TimeSpan.FromMinutes(1));

    private AnswerStore Store => new(billing.Database, _clock);

    [Fact]
    public async Task KeepAsync_keeps_the_first_answer_of_a_key_for_a_day_also_over_midnight()
    {
        var (name, first) = (Name(), Guid.NewGuid());

        Assert.True(await Store.KeepAsync(name, first, [1, 2, 3], default));
        Assert.False(await Store.KeepAsync(name, Guid.NewGuid(), [4], default));
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.False(await Store.KeepAsync(name, Guid.NewGuid(), [4], default)); // Another day's partition.
        _clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(2) - TimeSpan.FromSeconds(1));
        var found = await Store.FindAsync(name, default);

        Assert.Equal(first, found?.RequestId);
        Assert.Equal([1, 2, 3], found?.Sealed);
        Assert.Null(await Store.FindAsync(name with { KeyId = Guid.NewGuid() }, default));
        Assert.Null(await Store.FindAsync(name with { OrganizationId = Guid.NewGuid() }, default));
    }

    [Fact]
    public async Task KeepAsync_takes_a_key_again_when_its_answer_is_past_its_time()
    {
        var (name, second) = (Name(), Guid.NewGuid());
        await Store.KeepAsync(name, Guid.NewGuid(), [1], default);

        _clock.Advance(TimeSpan.FromHours(24));
        var past = await Store.FindAsync(name, default);
        var kept = await Store.KeepAsync(name, second, [2], default);

        Assert.Null(past);
        Assert.True(kept);
        Assert.Equal(second, (await Store.FindAsync(name, default))?.RequestId);
    }

    [Fact]
    public async Task KeepAsync_lets_one_of_many_at_once_win()
    {
        var name = Name();

        var kept = await Task.WhenAll(Enumerable.Range(1, 20).Select(
            i => Task.Run(() => Store.KeepAsync(name, new Guid(i, 0, 0, new byte[8]), [(byte)i], default))));

        Assert.Single(kept, won => won);
        Assert.Equal((await Store.FindAsync(name, default))!.Value.RequestId, new Guid(Array.IndexOf(kept, true) + 1, 0, 0, new byte[8]));
    }

    [Fact]
    public async Task WithdrawAsync_says_whether_an_answer_is_kept_and_refuses_it_from_then_on()
    {
        var (name, died, retry) = (Name(), Guid.NewGuid(), Guid.NewGuid());

        var before = await Store.WithdrawAsync(name, died, default);
        var late = await Store.KeepAsync(name, died, [1], default);
        var next = await Store.KeepAsync(name, retry, [2], default);

        Assert.Equal((false, false, true), (before, late, next));
        Assert.Equal(retry, (await Store.FindAsync(name, default))?.RequestId);
        Assert.True(await Store.WithdrawAsync(name, retry, default));
        Assert.False(await Store.WithdrawAsync(name, died, default));
    }

    [Fact]
    public async Task RollPartitionsAsync_drops_days_past_their_time_and_no_other()
    {
        await using var database = new OwnDatabase();
        await database.InitializeAsync();
        var store = new AnswerStore(database.Billing.Database, _clock);
        var name = Name();
        await store.KeepAsync(name, Guid.NewGuid(), [1], default);

        _clock.Advance(TimeSpan.FromHours(24));
        await store.RollPartitionsAsync(default); // A minute before midnight: others of that day may still live.
        var before = await RowsAsync(database.Billing);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await store.RollPartitionsAsync(default);
        await store.RollPartitionsAsync(default);

        Assert.Equal((1, 0), (before, await RowsAsync(database.Billing)));
        Assert.Equal(
            9L, // Yesterday, today and seven days ahead.
            await database.Billing.ReadAsync<long>(
                "select count(*) from pg_inherits where inhparent = 'billing.idempotent_answers'::regclass"));
    }

    [Fact]
    public async Task Only_a_gateway_keeps_and_finds_answers_over_http()
    {
        var app = await billing.StartAsync();
        using var gateway = BillingFixture.Client(app, "gateway");
        using var accounts = BillingFixture.Client(app, "accounts");
        var path = IdempotentAnswers.Path(Guid.NewGuid(), Guid.NewGuid(), Name().KeyHash);
        var requestId = Guid.NewGuid();
        var largest = new byte[IdempotentAnswers.MostSealedBytes];
        Random.Shared.NextBytes(largest);

        var none = await gateway.GetAsync(path);
        var foreign = await accounts.GetAsync(path);
        var kept = await PutAsync(gateway, path, largest, requestId);
        var again = await PutAsync(gateway, path, [1], Guid.NewGuid());
        var found = await gateway.GetAsync(path);
        var tooLarge = await PutAsync(gateway, path, new byte[largest.Length + 1], requestId);
        var unnamed = await PutAsync(gateway, path, [1], null);
        var badHash = await gateway.GetAsync(path[..^1] + "x");

        Assert.Equal(
            [HttpStatusCode.NoContent, HttpStatusCode.Unauthorized, HttpStatusCode.Created, HttpStatusCode.Conflict],
            [none.StatusCode, foreign.StatusCode, kept.StatusCode, again.StatusCode]);
        Assert.Equal(largest, await found.Content.ReadAsByteArrayAsync());
        Assert.Equal(requestId.ToString("N"), found.Headers.GetValues(IdempotentAnswers.RequestId).Single());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (unnamed.StatusCode, badHash.StatusCode));
    }

    private static AnswerName Name() => new(Guid.NewGuid(), Guid.NewGuid(), RandomNumberGenerator.GetBytes(32));

    private static Task<long> RowsAsync(BillingFixture billing) => billing.ReadAsync<long>("select count(*) from idempotent_answers");

    private static Task<HttpResponseMessage> PutAsync(HttpClient client, string path, byte[] answer, Guid? requestId)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new ByteArrayContent(answer) };
        if (requestId is { } id)
        {
            request.Headers.Add(IdempotentAnswers.RequestId, id.ToString("N"));
        }

        return client.SendAsync(request);
    }

    /// <summary>Partitions belong to the whole database.</summary>
    private sealed class OwnDatabase : IAsyncDisposable
    {
        public BillingFixture Billing { get; } = new();

        public Task InitializeAsync() => Billing.InitializeAsync();

        public async ValueTask DisposeAsync() => await Billing.DisposeAsync();
    }
}
