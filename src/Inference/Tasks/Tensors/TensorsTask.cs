using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>Models of any kind: named tensors in, named tensors out.</summary>
internal sealed class TensorsTask : IModelTask
{
    public string Name => ModelTask.Tensors.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new TensorsEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new TensorsImporter()];

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<TensorOptions>, TensorOptionsValidator>();
        services.AddOptions<TensorOptions>().BindConfiguration(TensorOptions.Section).ValidateOnStart();
    }

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var manifest = installed.Manifest;
        var signature = ModelTensors.Of(manifest)
            ?? throw new ModelImportException($"The model '{manifest.Name}' {manifest.Version} has no list of its tensors.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        var queue = services.GetRequiredService<IOptions<QueueOptions>>().Value;
        var clock = services.GetRequiredService<TimeProvider>();
        var turns = new FairTurns(
            new QueuePlaces(queue.QueueLength, queue.QueueLengthPerOrganization), services.GetRequiredService<QuietOrganizations>(), clock);
        var session = services.GetRequiredService<SessionFactory>().OpenBounded(installed.PathOf(manifest.Graph));
        var options = services.GetRequiredService<IOptions<TensorOptions>>().Value;
        var engine = new TensorEngine(manifest.Name, new TensorGraph(session, signature), turns, manifest.Batching, options, clock);
        return new LoadedTensors(
            installed, signature, engine, queue.QueueTimeout, clock, services.GetRequiredService<ILogger<LoadedTensors>>());
    }
}
