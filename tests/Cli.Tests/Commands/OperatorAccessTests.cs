using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Tests.Commands;

public sealed class OperatorAccessTests
{
    [Fact]
    public void Addresses_of_some_services_are_enough_until_another_is_called()
    {
        var access = Read(("Services:accounts", "http://accounts:8091/"), ("Cluster:Bearers", "send accounts 00"));

        Assert.Equal("http://accounts:8091", access.AddressOf("accounts"));
        Assert.Equal(
            "TOLLGATE__Services__billing is not set. It is the address of billing's internal listener.",
            Assert.Throws<OperatorException>(() => access.AddressOf("billing")).Message);
    }

    [Fact]
    public void A_path_in_an_address_stays()
    {
        var access = Read(("Services:accounts", "https://proxy/accounts/"), ("Cluster:Bearers", "x"));

        Assert.Equal("https://proxy/accounts", access.AddressOf("accounts"));
    }

    [Fact]
    public void Missing_bearers_several_addresses_and_what_is_no_address_are_refused_by_name()
    {
        Assert.Contains(
            "TOLLGATE__Cluster__Bearers_FILE is not set", Assert.Throws<OperatorException>(
                () => Read(("Services:accounts", "http://accounts:8091"))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "TOLLGATE__Services__billing holds several addresses", Assert.Throws<OperatorException>(
                () => Read(("Services:billing", "http://a http://b"), ("Cluster:Bearers", "x"))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "Services:billing: 'billing' is not an address", Assert.Throws<InvalidOperationException>(
                () => Read(("Services:billing", "billing"), ("Cluster:Bearers", "x"))).Message, StringComparison.Ordinal);
    }

    private static OperatorAccess Read(params (string Name, string Value)[] settings) => OperatorAccess.Of(
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(it => KeyValuePair.Create<string, string?>(it.Name, it.Value))).Build());
}
