using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Endpoints;

namespace Tollgate.Gateway.Tests.Endpoints;

public sealed class EndpointTableTests
{
    [Fact]
    public void The_gateway_serves_every_endpoint_that_the_services_share() =>
        Assert.Equal(PublicEndpoint.Served, EndpointTable.All.Select(endpoint => endpoint.Api));

    [Fact]
    public void An_endpoint_of_the_internal_door_alone_is_none_of_the_public_ones() =>
        Assert.Empty(PublicEndpoint.Served.Intersect(EndpointTable.Internal.Select(endpoint => endpoint.Api)));
}
