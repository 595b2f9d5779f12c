using Microsoft.Extensions.Options;
using Tollgate.Gateway.Telemetry;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Forwarding;

/// <summary>What every attempt needs of the service.</summary>
internal sealed record ForwardingParts(
    WorkerClient Client, IOptions<ForwardingOptions> Options, DrainGate Drain, UnansweredWork Unanswered,
    GatewayMetrics Metrics, TimeProvider Clock);

/// <summary>What the pipeline asks of forwarding.</summary>
internal sealed record ForwardingDesk(Backpressure Backpressure, Forwarder Forwarder, ShadowTraffic Shadows);
