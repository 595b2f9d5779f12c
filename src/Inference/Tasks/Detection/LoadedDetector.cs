using Microsoft.Extensions.Logging;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>An object detector in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed class LoadedDetector(Detector detector, TimeSpan queueTimeout, TimeProvider clock, ILogger<LoadedDetector> logger)
    : LoadedPictureModel(detector.Installed, detector.Turns, queueTimeout, clock, logger)
{
    public Detector Detector { get; } = detector;

    public override Task WarmUpAsync(CancellationToken cancellationToken) => Detector.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Detector.Dispose();
        return ValueTask.CompletedTask;
    }
}
