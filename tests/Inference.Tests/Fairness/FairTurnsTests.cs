using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Fairness;

public sealed class FairTurnsTests
{
    private static readonly Party Loud = new(Guid.NewGuid());
    private static readonly Party Quiet = new(Guid.NewGuid());

    [Fact]
    public async Task An_organization_with_one_request_waits_for_none_of_one_with_many()
    {
        var turns = new FairTurns(new QueuePlaces(256, 128), new QuietOrganizations(), TimeProvider.System);
        using var first = turns.TryJoin(Loud)!;
        using var running = await first.TakeTurnAsync(CancellationToken.None);
        var many = Enumerable.Range(0, 10).Select(_ => turns.TryJoin(Loud)!).ToList();
        var waiting = many.Select(place => place.TakeTurnAsync(CancellationToken.None)).ToList();

        using var place = turns.TryJoin(Quiet)!;
        using var turn = await place.TakeTurnAsync(CancellationToken.None);

        Assert.All(waiting, other => Assert.False(other.IsCompleted)); // One turn of an organization at a time.
        Assert.Equal(new ModelLoad(2, 10), turns.Load);
    }

    [Fact]
    public async Task Of_many_organizations_the_one_served_least_is_next()
    {
        var turns = new FairTurns(new QueuePlaces(256, 128), new QuietOrganizations(), TimeProvider.System);
        var order = new List<Party>();
        using var first = turns.TryJoin(Loud)!;
        using var second = turns.TryJoin(new Party(Guid.NewGuid()))!;
        var running = await first.TakeTurnAsync(CancellationToken.None);
        using var beside = await second.TakeTurnAsync(CancellationToken.None);
        var many = Enumerable.Range(0, 10).Select(_ => RunAsync(turns, Loud, order)).ToList();
        var one = RunAsync(turns, Quiet, order);

        running.Charge(100);
        running.Dispose();
        await Task.WhenAll([.. many, one]);

        Assert.Equal(0, order.IndexOf(Quiet));
        Assert.Equal(11, order.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_with_many_rests_for_twice_its_turn_while_one_with_few_waits_at_another_model(bool leavesEarly)
    {
        var (clock, organizations) = (new FakeTimeProvider(), new QuietOrganizations());
        var turns = new FairTurns(new QueuePlaces(256, 128), organizations, clock);
        var places = Enumerable.Range(0, QuietOrganizations.MostAnswers + 1).Select(_ => turns.TryJoin(Loud)!).ToList();
        organizations.Enter(Quiet, 1);
        var running = await places[0].TakeTurnAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(10));

        running.Dispose();
        var next = places[1].TakeTurnAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(19));
        await Task.Yield();
        Assert.False(next.IsCompleted);
        if (leavesEarly)
        {
            organizations.Leave(Quiet, 1);
        }

        while (!next.IsCompleted)
        {
            clock.Advance(leavesEarly ? QuietOrganizations.Step : TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await next).Dispose();
    }

    [Fact]
    public async Task A_full_line_displaces_the_last_of_the_largest_holder()
    {
        var turns = new FairTurns(new QueuePlaces(3, 3), new QuietOrganizations(), TimeProvider.System);
        using var first = turns.TryJoin(Loud)!;
        using var running = await first.TakeTurnAsync(CancellationToken.None);
        var waiting = Enumerable.Range(0, 3).Select(_ => turns.TryJoin(Loud)!).ToList();
        var last = waiting[2].TakeTurnAsync(CancellationToken.None);

        var loud = turns.TryJoin(Loud);
        using var quiet = turns.TryJoin(Quiet);

        Assert.Null(loud);
        Assert.NotNull(quiet);
        await Assert.ThrowsAsync<DisplacedException>(() => last);
        Assert.Equal(new ModelLoad(1, 3), turns.Load);
        waiting.ForEach(place => place.Dispose());
        Assert.Equal(new ModelLoad(1, 1), turns.Load);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_holds_up_nobody()
    {
        var turns = new FairTurns(new QueuePlaces(3, 3), new QuietOrganizations(), TimeProvider.System);
        using var first = turns.TryJoin(Loud)!;
        var running = await first.TakeTurnAsync(CancellationToken.None);
        using var second = turns.TryJoin(Loud)!;
        using var third = turns.TryJoin(Loud)!;
        using var stop = new CancellationTokenSource();
        var cancelled = second.TakeTurnAsync(stop.Token);
        var next = third.TakeTurnAsync(CancellationToken.None);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        running.Dispose();

        (await next).Dispose();
    }

    [Fact]
    public async Task Work_of_others_is_done_in_a_turn_unless_they_are_ahead_or_must_give_way()
    {
        var organizations = new QuietOrganizations();
        var turns = new FairTurns(new QueuePlaces(256, 128), organizations, TimeProvider.System);
        using var first = turns.TryJoin(Quiet)!;
        using var turn = await first.TakeTurnAsync(CancellationToken.None);
        var many = Enumerable.Range(0, QuietOrganizations.MostAnswers).Select(_ => turns.TryJoin(Loud)!).ToList();

        Assert.True(turns.MayRide(Loud, Quiet, ahead: 100));
        turn.Charge(Loud, 100);
        Assert.True(turns.MayRide(Loud, Quiet, ahead: 100));
        turn.Charge(Loud, 1);
        Assert.False(turns.MayRide(Loud, Quiet, ahead: 100));
        turn.Charge(1);
        Assert.True(turns.MayRide(Loud, Quiet, ahead: 100));
        many.Add(turns.TryJoin(Loud)!); // One more answer than an organization with few has.
        Assert.False(turns.MayRide(Loud, Quiet, ahead: 100));
        Assert.True(turns.MayRide(Quiet, Loud, ahead: 100));
        many.ForEach(place => place.Dispose());
    }

    [Fact]
    public async Task A_request_that_another_turn_works_for_waits_no_more_and_keeps_its_place()
    {
        var turns = new FairTurns(new QueuePlaces(3, 3), new QuietOrganizations(), TimeProvider.System);
        using var first = turns.TryJoin(Loud)!;
        using var running = await first.TakeTurnAsync(CancellationToken.None);
        using var second = turns.TryJoin(Loud)!;
        using var third = turns.TryJoin(Loud)!;

        third.Displace();

        Assert.True(second.TryStart());
        Assert.False(third.TryStart());
        second.Displace();
        Assert.Equal(new ModelLoad(2, 0), turns.Load);
    }

    [Fact]
    public async Task Batches_have_one_turn_at_a_time_and_none_while_live_traffic_waits()
    {
        var turns = new FairTurns(new QueuePlaces(256, 128), new QuietOrganizations(), new FakeTimeProvider());
        using var first = turns.TryJoin(Batches(Loud))!;
        using var second = turns.TryJoin(Batches(Quiet))!;
        using var live = turns.TryJoin(Loud)!;
        using var more = turns.TryJoin(Quiet)!;
        var running = await first.TakeTurnAsync(CancellationToken.None);
        var batch = second.TakeTurnAsync(CancellationToken.None);

        Assert.False(batch.IsCompleted); // The other turn stays free for live traffic, which has it at once.
        using (await live.TakeTurnAsync(CancellationToken.None))
        {
            var waits = more.TakeTurnAsync(CancellationToken.None);
            running.Dispose();
            using (await waits)
            {
                Assert.False(batch.IsCompleted);
            }
        }

        (await batch).Dispose(); // Nothing else waits.
    }

    [Fact]
    public async Task A_batch_goes_on_when_the_live_request_that_it_waited_for_leaves()
    {
        var turns = new FairTurns(new QueuePlaces(256, 128), new QuietOrganizations(), new FakeTimeProvider());
        using var one = turns.TryJoin(Loud)!;
        using var other = turns.TryJoin(Loud)!;
        using var place = turns.TryJoin(Batches(Loud))!;
        using var running = await one.TakeTurnAsync(CancellationToken.None);
        using var leave = new CancellationTokenSource();
        var waiting = other.TakeTurnAsync(leave.Token);
        var batch = place.TakeTurnAsync(CancellationToken.None);
        Assert.False(batch.IsCompleted);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        other.Dispose();

        (await batch).Dispose();
    }

    [Fact]
    public void A_batch_rides_with_batches_alone_and_live_work_with_both()
    {
        var turns = new FairTurns(new QueuePlaces(256, 128), new QuietOrganizations(), TimeProvider.System);

        Assert.True(turns.MayRide(Batches(Quiet), Batches(Loud), ahead: 0));
        Assert.True(turns.MayRide(Quiet, Batches(Loud), ahead: 0));
        Assert.False(turns.MayRide(Batches(Quiet), Loud, ahead: 1_000_000));
    }

    [Fact]
    public async Task Copies_of_requests_wait_for_batches_and_for_live_traffic()
    {
        var turns = new FairTurns(new QueuePlaces(256, 128), new QuietOrganizations(), new FakeTimeProvider());
        using var first = turns.TryJoin(Batches(Loud))!;
        using var copied = turns.TryJoin(Batches(Loud) with { IsShadow = true })!;
        using var batch = turns.TryJoin(Batches(Quiet))!;
        var running = await first.TakeTurnAsync(CancellationToken.None);
        var copy = copied.TakeTurnAsync(CancellationToken.None);
        var waits = batch.TakeTurnAsync(CancellationToken.None);

        running.Dispose();
        using (await waits)
        {
            Assert.False(copy.IsCompleted);
        }

        (await copy).Dispose(); // Nothing else waits.
        Assert.True(turns.MayRide(Batches(Loud), Batches(Loud) with { IsShadow = true }, ahead: 0));
        Assert.False(turns.MayRide(Batches(Loud) with { IsShadow = true }, Batches(Loud), ahead: 1_000_000));
    }

    private static Party Batches(Party party) => party with { ServiceClass = ServiceClass.Batch };

    private static async Task RunAsync(FairTurns turns, Party party, List<Party> order)
    {
        using var place = turns.TryJoin(party)!;
        using var turn = await place.TakeTurnAsync(CancellationToken.None);
        order.Add(party); // One turn at a time.
        turn.Charge(10);
    }
}
