using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Tests.Portal;

public sealed class PortalAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/docs")]
    [InlineData("https://api.example.com/v1/", "https://api.example.com/v1", "https://api.example.com/docs")]
    public void ApiUrl_ends_with_the_version_once_and_the_reference_lies_beside_it(string setting, string api, string reference)
    {
        var address = Address(new PortalOptions { ApiBaseUrl = setting });

        Assert.Equal((api, reference), (address.ApiUrl, address.ReferenceUrl));
    }

    [Fact]
    public void Url_is_the_public_one_before_that_of_the_listener()
    {
        var listening = Address(new PortalOptions());
        listening.ListensAt(() => "http://127.0.0.1:8081/");
        var open = Address(new PortalOptions { PublicUrl = "https://portal.example.com/" });
        open.ListensAt(() => "http://127.0.0.1:8081/");

        Assert.Equal(("http://127.0.0.1:8081", false), (listening.Url, listening.IsHttps));
        Assert.Equal(("https://portal.example.com", true), (open.Url, open.IsHttps));
        Assert.Throws<InvalidOperationException>(() => Address(new PortalOptions()).Url);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8081", null, true)]
    [InlineData(null, null, true)]
    [InlineData("http://127.0.0.1:8081", "http://localhost:9", true)]
    [InlineData("http://127.0.0.1:8081", "https://portal.example.com", false)] // A proxy in front of it.
    [InlineData("http://*:8081", null, false)]
    public void IsLoopback_needs_a_listener_and_an_address_of_this_machine_alone(string? listener, string? publicUrl, bool expected) =>
        Assert.Equal(expected, Address(new PortalOptions { PublicUrl = publicUrl }, listener).IsLoopback);

    [Theory]
    [InlineData("localhost", null, true)]
    [InlineData("[::1]", null, true)]
    [InlineData("PORTAL.example.com", null, true)]
    [InlineData("portal.example.com.other.example", null, false)]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", null, false)]
    public void Knows_its_own_names_and_the_address_that_the_connection_arrived_at(string host, string? connectedTo, bool expected) =>
        Assert.Equal(expected, Address(new PortalOptions { PublicUrl = "https://portal.example.com" })
            .Knows(host, connectedTo is null ? null : IPAddress.Parse(connectedTo)));

    [Theory]
    [InlineData("/keys?after=1", "/keys?after=1")]
    [InlineData("/", "/")]
    [InlineData(null, "/")]
    [InlineData("", "/")]
    [InlineData("keys", "/")]
    [InlineData("//other.example", "/")]
    [InlineData("/\\other.example", "/")]
    [InlineData("/\t/other.example", "/")]
    [InlineData("/a\\..\\b", "/")]
    [InlineData("https://other.example", "/")]
    public void OrHome_leads_to_the_portal_alone(string? url, string expected) => Assert.Equal(expected, LocalUrl.OrHome(url));

    private static PortalAddress Address(PortalOptions options, string? listener = null) => new(
        Options.Create(options),
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Listen:Public", listener)]).Build());
}
