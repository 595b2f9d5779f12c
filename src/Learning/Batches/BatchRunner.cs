using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Batches;

/// <summary>Claims batches that no process runs, and runs them. Safe on several instances at once.</summary>
internal sealed class BatchRunner(
    Claims<Batch> claims, RunParts parts, LearningMetrics metrics, IOptions<BatchOptions> options, TimeProvider clock,
    ILogger<BatchRunner> logger)
    : ClaimingWork<Batch>(claims, options.Value.Batches, options.Value.Every, clock, logger)
{
    protected override IClaimedRun Begin(Batch row) => new BatchRun(row, parts);

    protected override void Count(int runs) => metrics.BatchesRun(runs);

    protected override void Ended() => metrics.BatchEnded();
}
