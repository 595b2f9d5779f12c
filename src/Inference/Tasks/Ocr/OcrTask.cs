using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Text in pictures.</summary>
internal sealed class OcrTask : IModelTask
{
    public string Name => ModelTask.Ocr.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new OcrEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new OcrImporter()];

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var queue = services.GetRequiredService<IOptions<QueueOptions>>().Value;
        var model = await OcrModel.LoadAsync(
            installed, services.GetRequiredService<SessionFactory>(), services.GetRequiredService<QuietOrganizations>(), queue,
            cancellationToken);
        return new LoadedOcr(
            model, queue.QueueTimeout, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<LoadedOcr>>());
    }
}
