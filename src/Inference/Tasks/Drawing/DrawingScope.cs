using Microsoft.Extensions.Logging;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>What a painter's loop works with.</summary>
/// <param name="Model">Name in logs and metrics.</param>
/// <param name="Batching">Whether pictures may share a call: a graph may give other results in company.</param>
internal sealed record DrawingScope(string Model, Painter Painter, ModelDrawing Defaults, bool Batching)
{
    public required DrawingOptions Options { get; init; }

    public required QueueOptions Queue { get; init; }

    public required QuietOrganizations Quiet { get; init; }

    public required InferenceMetrics Metrics { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILogger Logger { get; init; }
}
