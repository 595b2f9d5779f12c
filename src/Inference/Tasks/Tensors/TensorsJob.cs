using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A request that fits its model.</summary>
internal sealed record TensorsJob(LoadedTensors Tensors, InferRequest Request) : ITaskJob
{
    public LoadedModel Model => Tensors;

    public ITaskRun Begin(RequestScope scope) => new TensorsRun(this, scope);
}
