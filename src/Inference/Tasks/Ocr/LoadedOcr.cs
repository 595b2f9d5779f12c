using Microsoft.Extensions.Logging;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A model that reads text, in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed class LoadedOcr(OcrModel model, TimeSpan queueTimeout, TimeProvider clock, ILogger<LoadedOcr> logger)
    : LoadedPictureModel(model.Installed, model.Turns, queueTimeout, clock, logger)
{
    public OcrModel Model { get; } = model;

    public override Task WarmUpAsync(CancellationToken cancellationToken) => Model.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }
}
