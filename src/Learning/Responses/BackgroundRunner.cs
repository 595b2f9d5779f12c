using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Responses;

/// <summary>Claims responses that wait, and runs them. Safe on several instances at once.</summary>
internal sealed class BackgroundRunner(
    Claims<ResponseRun> claims, BackgroundParts parts, LearningMetrics metrics, IOptions<BackgroundOptions> options, TimeProvider clock,
    ILogger<BackgroundRunner> logger)
    : ClaimingWork<ResponseRun>(claims, options.Value.Concurrency, options.Value.Every, clock, logger)
{
    /// <summary>Looks at once for what waits.</summary>
    public void Begin() => Wake();

    protected override IClaimedRun Begin(ResponseRun row) => new BackgroundRun(row, parts);

    protected override void Count(int runs) => metrics.BackgroundRun(runs);
}
