using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Fairness;

public sealed class QuietOrganizationsTests
{
    private static readonly Guid Loud = Guid.NewGuid();
    private static readonly Guid Quiet = Guid.NewGuid();

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
}
