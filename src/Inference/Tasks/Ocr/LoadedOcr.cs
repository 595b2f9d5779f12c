using Microsoft.Extensions.Logging;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A model that reads text, in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed partial class LoadedOcr(OcrModel model, TimeSpan queueTimeout, TimeProvider clock, ILogger<LoadedOcr> logger)
    : LoadedModel(model.Installed)
{
    public OcrModel Model { get; } = model;

    public override ModelLoad Load => Model.Turns.Load;

    /// <summary>Gives the place of a request away when it has waited too long; ends with its disposal.</summary>
    public ITimer LimitWait(FairTurns.Place place) => clock.CreateTimer(
        static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);

    /// <summary>Reports a run that failed or gave numbers that cannot be right.</summary>
    public void NoteFailure(Guid request, ModelRunException exception) => Log.RunFailed(logger, exception, request, Name, Version);

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {Request}: the model {Model} {Version} failed on its picture.")]
        public static partial void RunFailed(ILogger logger, Exception exception, Guid request, string model, string version);
    }
}
