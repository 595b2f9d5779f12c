using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>Pictures from texts.</summary>
internal sealed class DrawingTask : IModelTask
{
    public string Name => ModelTask.ImageGeneration.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new DrawingEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new DrawingImporter()];

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<DrawingOptions>, DrawingOptionsValidator>();
        services.AddOptions<DrawingOptions>().BindConfiguration(DrawingOptions.Section).ValidateOnStart();
    }

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var defaults = ModelDrawing.Of(installed.Manifest) ?? throw new ModelImportException(
            $"The manifest of '{installed.Manifest.Name}' {installed.Manifest.Version} has no section 'drawing'.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        var painter = Painter.Open(installed.Folder, services.GetRequiredService<SessionFactory>());
        return new LoadedPainter(installed, new DrawingScope(installed.Manifest.Name, painter, defaults, installed.Manifest.Batching)
        {
            Options = services.GetRequiredService<IOptions<DrawingOptions>>().Value,
            Queue = services.GetRequiredService<IOptions<QueueOptions>>().Value,
            Quiet = services.GetRequiredService<QuietOrganizations>(),
            Metrics = services.GetRequiredService<InferenceMetrics>(),
            Clock = services.GetRequiredService<TimeProvider>(),
            Logger = services.GetRequiredService<ILogger<DrawingLoop>>(),
        });
    }
}
