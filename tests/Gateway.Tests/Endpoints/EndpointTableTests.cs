using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Endpoints;

namespace Tollgate.Gateway.Tests.Endpoints;

public sealed class EndpointTableTests
{
    [Fact]
    public void The_gateway_serves_every_endpoint_that_the_services_share() =>
        Assert.Equal(PublicEndpoint.All, EndpointTable.All.Select(endpoint => endpoint.Api));
}
