using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.Tests.Hosting;

public sealed class ClientAddressTests
{
    private readonly ClientAddress _addresses = new(Options.Create(new ProxyOptions { Trusted = [IPNetwork.Parse("10.0.0.0/8")] }));

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.0/24")] // IPv4 on a listener of both.
    [InlineData("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48")]
    [InlineData("127.0.0.1", "127.0.0.1", null)]
    [InlineData("::1", "::/64", null)]
    [InlineData(null, "unknown", "unknown")]
    public void A_client_counts_by_address_or_subscriber_and_its_network_is_that_of_a_provider(
        string? address, string source, string? network)
    {
        var context = Request(address);

        Assert.Equal((source, network), (_addresses.SourceOf(context), _addresses.NetworkOf(context)));
    }

    [Theory]
    [InlineData("192.0.2.1, 198.51.100.2", "198.51.100.2")] // The nearest proxy saw the last one; the client wrote the first.
    [InlineData("198.51.100.2, 10.1.1.1", "198.51.100.2")]
    [InlineData("10.2.2.2", "10.2.2.2")]
    [InlineData("", "10.0.0.1")]
    public void A_trusted_proxy_names_the_nearest_address_that_is_not_one(string forwarded, string expected) =>
        Assert.Equal(expected, _addresses.Of(Request("10.0.0.1", ("X-Forwarded-For", forwarded)))!.ToString());

    [Fact]
    public void A_trusted_proxy_that_forwards_no_address_leaves_the_client_unknown() =>
        Assert.Null(_addresses.Of(Request("10.0.0.1", ("X-Forwarded-For", "198.51.100.2, a.b.c"))));

    [Fact]
    public void A_stranger_cannot_forward_an_address_scheme_or_host()
    {
        var context = Request(
            "203.0.113.7", ("X-Forwarded-For", "10.9.9.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "other.example"));

        Assert.Equal("203.0.113.7", _addresses.Of(context)!.ToString());
        Assert.Equal("http://api.test", _addresses.UrlOf(context));
        Assert.True(_addresses.IsUntrustedProxy(context));
        Assert.False(_addresses.IsUntrustedProxy(Request("10.0.0.1", ("X-Forwarded-For", "203.0.113.7"))));
    }

    [Theory]
    [InlineData("https", "api.example.com:8443", "https://api.example.com:8443")]
    [InlineData("http, https", "a.example, b.example", "https://b.example")]
    [InlineData("javascript", "b.example", "http://b.example")]
    [InlineData("https", "b.example/path", "https://api.test")]
    [InlineData("https", "user@b.example", "https://api.test")]
    [InlineData("", "", "http://api.test")]
    public void UrlOf_takes_valid_values_of_the_nearest_trusted_proxy(string scheme, string host, string expected) => Assert.Equal(
        expected, _addresses.UrlOf(Request("10.0.0.1", ("X-Forwarded-Proto", scheme), ("X-Forwarded-Host", host))));

    [Theory]
    [InlineData("255.255.255.255", 0, "0.0.0.0/0")]
    [InlineData("255.255.255.255", 9, "255.128.0.0/9")]
    [InlineData("255.255.255.255", 32, "255.255.255.255/32")]
    public void Prefix_keeps_the_first_bits(string address, int bits, string expected) =>
        Assert.Equal(expected, ClientAddress.Prefix(IPAddress.Parse(address), bits));

    private static DefaultHttpContext Request(string? address, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        (context.Request.Scheme, context.Request.Host) = ("http", new HostString("api.test"));
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        return context;
    }
}
