using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Runs of fine-tuning jobs, at the internal door alone. The <c>id:</c> of a stream's events counts the trained tokens of the run
/// that a checkpoint keeps.</summary>
internal sealed class TrainingRunsEndpoint() : JsonEndpoint<TrainingRunRequest>(PublicEndpoint.TrainingRuns), IEndpoint
{
    /// <summary>A trainer ends its step and writes a checkpoint, so that the steps that are billed are those that the next run finds.
    /// </summary>
    public override TimeSpan? CancelTimeout => TimeSpan.FromSeconds(30);

    /// <summary>An event is no answer that a customer could miss, and a run that has finished must not run again.</summary>
    public override bool IsResumable => true;

    /// <summary>A service cancels or pauses a job by leaving its run, and resumes it with the next one.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this).WithMetadata(new EndsWithItsCaller());
}
