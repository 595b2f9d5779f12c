using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Training.Jobs;

/// <summary>Training as a task of a worker. Its models are those of <see cref="TrainableModels"/>.</summary>
internal sealed class TrainingTask : IModelTask
{
    public string Name => ModelTask.Training.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new TrainingEndpoint()];

    public Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken) =>
        throw new ModelImportException($"'{installed.Manifest.Name}' is no model to load: a trainer reads models that are for embeddings.");
}

/// <summary><c>POST /v1/fine_tuning/runs</c>: runs of jobs and their plans.</summary>
internal sealed class TrainingEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.TrainingRuns;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken) =>
        !TrainingRunRequest.TryParse(body, out var request, out var error) ? error
        : find(request.Model) is Trainable model ? new PreparedRequest.Ready(new JobRequest(request.Order, model))
        : OpenAiError.ModelNotFound(request.Model);
}
