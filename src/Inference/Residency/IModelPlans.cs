using Tollgate.Contracts.Catalogue;

namespace Tollgate.Inference.Residency;

/// <summary>What the operator wants of the models. Thread-safe.</summary>
internal interface IModelPlans
{
    /// <summary>Null for a model without a plan.</summary>
    ModelPlan? Find(string model);

    /// <summary>Ends when plans are known, or no plan can be.</summary>
    Task WaitForFirstAsync(CancellationToken cancellationToken);
}

/// <summary>A worker without Accounts serves every model's newest version.</summary>
internal sealed class NoPlans : IModelPlans
{
    public ModelPlan? Find(string model) => null;

    public Task WaitForFirstAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
