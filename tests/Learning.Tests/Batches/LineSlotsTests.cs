using Microsoft.Extensions.Options;
using Tollgate.Learning.Batches;

namespace Tollgate.Learning.Tests.Batches;

public sealed class LineSlotsTests
{
    private readonly Guid _large = Guid.NewGuid();
    private readonly Guid _small = Guid.NewGuid();

    [Fact]
    public async Task A_free_place_goes_to_the_organization_that_holds_the_fewest()
    {
        var slots = Slots(concurrency: 4, perOrganization: 4);
        var held = new List<IDisposable>();
        for (var i = 0; i < 4; i++)
        {
            held.Add(await slots.TakeAsync(_large, CancellationToken.None));
        }

        var more = slots.TakeAsync(_large, CancellationToken.None); // Asked first, and gets its place last.
        var other = slots.TakeAsync(_small, CancellationToken.None);
        held[0].Dispose();
        await other;
        var isWaiting = !more.IsCompleted;
        held[1].Dispose();
        await more;

        Assert.True(isWaiting);
        Assert.Equal((3, 1), (slots.HeldBy(_large), slots.HeldBy(_small)));
    }

    [Fact]
    public async Task No_organization_has_more_than_its_share_and_a_place_is_given_back_once()
    {
        var slots = Slots(concurrency: 4, perOrganization: 2);
        var first = await slots.TakeAsync(_large, CancellationToken.None);
        await slots.TakeAsync(_large, CancellationToken.None);
        var third = slots.TakeAsync(_large, CancellationToken.None);

        var isWaiting = !third.IsCompleted;
        first.Dispose();
        first.Dispose();
        await third;

        Assert.True(isWaiting);
        Assert.Equal(2, slots.HeldBy(_large));
    }

    [Fact]
    public async Task Who_leaves_the_line_takes_no_place()
    {
        var slots = Slots(concurrency: 1, perOrganization: 1);
        using var leaving = new CancellationTokenSource();
        var held = await slots.TakeAsync(_large, CancellationToken.None);
        var left = slots.TakeAsync(_small, leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        held.Dispose();

        Assert.Equal(0, slots.HeldBy(_small));
        using var next = await slots.TakeAsync(_large, CancellationToken.None);
    }

    private static LineSlots Slots(int concurrency, int perOrganization) => new(
        Options.Create(new BatchOptions { Concurrency = concurrency, OrganizationConcurrency = perOrganization }));
}
