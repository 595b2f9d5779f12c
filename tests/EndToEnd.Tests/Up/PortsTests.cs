using System.Net;
using System.Net.Sockets;
using Tollgate.AllInOne.Up;
using Tollgate.Cli.Commands;
using Tollgate.LocalServers;

namespace Tollgate.EndToEnd.Tests.Up;

/// <summary>The ports that <c>up</c> chooses.</summary>
public sealed class PortsTests
{
    [Fact]
    public void Choose_takes_the_ports_that_were_asked_for_and_other_ones_for_the_rest()
    {
        var (api, portal) = (FreePort.Next(), FreePort.Next());

        var ports = Ports.Choose(api, portal);

        Assert.Equal((api, portal), (ports.Api, ports.Portal));
        int[] all =
        [
            ports.Api, ports.Portal, ports.Postgres, ports.Redis, ports.Worker, ports.GatewayInternal, ports.AccountsInternal,
            ports.BillingInternal, ports.LearningInternal, ports.Stripe, ports.StripeInternal,
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void Choose_refuses_one_port_for_both_unless_any_will_do()
    {
        var port = FreePort.Next();

        var refusal = Assert.Throws<OperatorException>(() => Ports.Choose(port, port));
        var any = Ports.Choose(0, 0);

        Assert.Contains($"{port}", refusal.Message, StringComparison.Ordinal);
        Assert.NotEqual(any.Api, any.Portal);
    }

    [Theory]
    [InlineData(true, "--api-port")]
    [InlineData(false, "--portal-port")]
    public void Choose_names_the_option_of_a_port_that_is_in_use(bool isApi, string option)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;

        var refusal = Assert.Throws<OperatorException>(() => isApi ? Ports.Choose(taken, 0) : Ports.Choose(0, taken));

        Assert.Contains($"Port {taken} is in use", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(option, refusal.Message, StringComparison.Ordinal);
    }
}
