using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Fairness;

public sealed class FairShareTests
{
    private static readonly Party Busy = new(Guid.NewGuid());
    private static readonly Party Quiet = new(Guid.NewGuid());

    [Fact]
    public void Join_lifts_who_comes_back_to_the_lowest_that_waits()
    {
        var shares = new FairShare();
        shares.Join(Busy, []);
        shares.Charge(Busy, 1000);

        shares.Join(Quiet, [Busy]);

        Assert.Equal(1000, shares[Quiet]);
    }

    [Fact]
    public void Join_to_an_empty_queue_lifts_to_the_last_that_was_served()
    {
        var shares = new FairShare();
        shares.Join(Busy, []);
        shares.Charge(Busy, 500);
        shares.Served(Busy);

        shares.Join(Quiet, []);

        Assert.Equal(500, shares[Quiet]);
    }

    [Fact]
    public void Join_never_lowers_what_was_charged()
    {
        var shares = new FairShare();
        shares.Join(Busy, []);
        shares.Charge(Busy, 1000);
        shares.Join(Quiet, []);

        shares.Join(Busy, [Quiet]);

        Assert.Equal(1000, shares[Busy]);
    }
}
