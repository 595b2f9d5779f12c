using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Relays;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>/v1/fine_tuning</c>, which the service Learning answers.</summary>
internal sealed partial class FineTuningEndpoint() : RelayedEndpoint(PublicEndpoint.FineTuning, "learning"), IEndpoint
{
    public void Map(IEndpointRouteBuilder routes) => MapFederated(routes);
}
