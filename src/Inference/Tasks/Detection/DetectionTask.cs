using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>Objects in pictures, with their boxes.</summary>
internal sealed class DetectionTask : IModelTask
{
    public string Name => ModelTask.ImageDetection.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new DetectionEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new DetectionImporter()];

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var queue = services.GetRequiredService<IOptions<QueueOptions>>().Value;
        var detector = await Detector.LoadAsync(
            installed, services.GetRequiredService<SessionFactory>(), services.GetRequiredService<QuietOrganizations>(), queue,
            cancellationToken);
        return new LoadedDetector(
            detector, queue.QueueTimeout, services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<LoadedDetector>>());
    }
}
