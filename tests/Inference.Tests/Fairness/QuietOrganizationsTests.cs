using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Fairness;

public sealed class QuietOrganizationsTests
{
    private static readonly Party Loud = new(Guid.NewGuid());
    private static readonly Party Quiet = new(Guid.NewGuid());

    [Fact]
    public void An_organization_with_much_work_gives_way_only_while_one_with_little_waits()
    {
        var organizations = new QuietOrganizations();
        organizations.Enter(Loud, 20);
        Assert.False(organizations.MustGiveWay(Loud));

        organizations.Enter(Quiet, 1);
        Assert.True(organizations.MustGiveWay(Loud));
        Assert.False(organizations.MustGiveWay(Quiet));

        organizations.Enter(Quiet, QuietOrganizations.MostAnswers); // Now it has much as well.
        Assert.False(organizations.MustGiveWay(Loud));
        organizations.Leave(Quiet, QuietOrganizations.MostAnswers);
        Assert.True(organizations.MustGiveWay(Loud));
        organizations.Leave(Quiet, 1);
        Assert.False(organizations.MustGiveWay(Loud));
    }

    [Fact]
    public void Batches_give_way_to_all_live_traffic_and_make_none_of_it_give_way()
    {
        var organizations = new QuietOrganizations();
        var batches = Quiet with { ServiceClass = ServiceClass.Batch };
        organizations.Enter(batches, 1);
        organizations.Enter(Loud, QuietOrganizations.MostAnswers + 1);

        Assert.True(organizations.MustGiveWay(batches));
        Assert.False(organizations.MustGiveWay(Loud));
        organizations.Leave(Loud, QuietOrganizations.MostAnswers + 1);
        Assert.False(organizations.MustGiveWay(batches));
    }
}
