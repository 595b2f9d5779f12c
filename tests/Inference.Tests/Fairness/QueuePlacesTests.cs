using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Fairness;

public sealed class QueuePlacesTests
{
    private static readonly Party Loud = new(Guid.NewGuid());
    private static readonly Party Quiet = new(Guid.NewGuid());

    [Fact]
    public void An_organization_has_so_many_places_and_all_together_so_many()
    {
        var places = new QueuePlaces(most: 5, mostOfOne: 3);

        var loud = Fill(places, Loud);
        var quiet = Fill(places, Quiet);

        Assert.Equal((3, 2, 5), (loud, quiet, places.Taken));
    }

    [Fact]
    public void A_full_queue_gives_a_place_of_the_largest_holder_until_both_hold_as_much()
    {
        var places = new QueuePlaces(most: 4, mostOfOne: 4);
        Fill(places, Loud);

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(Loud, places.FindDisplaced(Quiet));
            places.Leave(Loud);
            places.Enter(Quiet);
        }

        Assert.Null(places.FindDisplaced(Quiet));
        Assert.Null(places.FindDisplaced(Loud));
    }

    [Fact]
    public void Nobody_goes_for_an_organization_that_has_all_it_may_have()
    {
        var places = new QueuePlaces(most: 9, mostOfOne: 2);
        Fill(places, Quiet);

        Assert.Null(places.FindDisplaced(Quiet));
        Assert.True(places.MayEnter(Loud));
    }

    [Fact]
    public void Batches_have_places_of_their_own_and_displace_batches_alone()
    {
        var places = new QueuePlaces(most: 4, mostOfOne: 4);
        var (batches, other) = (Loud with { ServiceClass = ServiceClass.Batch }, Quiet with { ServiceClass = ServiceClass.Batch });

        Assert.Equal((4, 4), (Fill(places, batches), Fill(places, Loud)));

        Assert.Equal(batches, places.FindDisplaced(other));
        Assert.Equal(Loud, places.FindDisplaced(Quiet));
        Assert.Null(places.FindDisplaced(batches));
    }

    private static int Fill(QueuePlaces places, Party party)
    {
        var entered = 0;
        while (places.MayEnter(party))
        {
            places.Enter(party);
            entered++;
        }

        return entered;
    }
}
