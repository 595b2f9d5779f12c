using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Learning.Deployments;

/// <summary>Gives names to models, and waits for a moment until a worker has them ready.</summary>
internal sealed class DeploymentDesk(
    DeploymentTable table, DeploymentFeed feed, SnapshotPublisher<DeploymentSnapshot> publisher, IOptions<DeploymentOptions> options,
    TimeProvider clock)
{
    /// <summary>How long an answer waits until gateways have taken over what it states.</summary>
    private static readonly TimeSpan FollowersPatience = TimeSpan.FromSeconds(1);

    /// <summary>Deploys a model. The name goes on pointing at its present model until the new one is ready at a worker.</summary>
    /// <returns>The deployment, still deploying where <c>Deployments:ReadyWait</c> was too short.</returns>
    public async Task<OrRefusal<Deployment>> DeployAsync(
        FileCaller caller, DeploymentRequest request, CancellationToken cancellationToken) =>
        await WaitAsync(caller, await table.OrderAsync(caller, request, cancellationToken), cancellationToken);

    /// <summary>Goes back to the model before. It is still installed, so that a name switches at once where a worker answers.</summary>
    public async Task<OrRefusal<Deployment>> RollBackAsync(FileCaller caller, string name, CancellationToken cancellationToken) =>
        await WaitAsync(caller, await table.OrderPreviousAsync(caller, name, cancellationToken), cancellationToken);

    /// <summary>Deletes a deployment. False when the project has none of the name.</summary>
    public async Task<bool> DeleteAsync(FileCaller caller, string name, CancellationToken cancellationToken)
    {
        var deleted = await table.DeleteAsync(caller, name, cancellationToken);
        await feed.RunOnceAsync(cancellationToken);
        await publisher.WaitForFollowersAsync(FollowersPatience, cancellationToken);
        return deleted;
    }

    private async Task<OrRefusal<Deployment>> WaitAsync(
        FileCaller caller, OrRefusal<Deployment> ordered, CancellationToken cancellationToken)
    {
        if (!ordered.TryGet(out var deployment, out var refusal))
        {
            return refusal;
        }

        var started = clock.GetTimestamp();
        while (true)
        {
            await feed.RunOnceAsync(cancellationToken);
            if (await table.FindAsync(caller, deployment.Name, cancellationToken) is not { } found)
            {
                return OpenAiError.DeploymentNotFound(deployment.Name); // Deleted meanwhile.
            }

            if (found.IsReady || clock.GetElapsedTime(started) >= options.Value.ReadyWait)
            {
                await publisher.WaitForFollowersAsync(FollowersPatience, cancellationToken);
                return found;
            }

            await Task.Delay(options.Value.LookEvery, clock, cancellationToken);
        }
    }
}
