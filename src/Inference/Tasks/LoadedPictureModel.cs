using Microsoft.Extensions.Logging;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>A model that reads pictures, in service.</summary>
/// <param name="turns">Who runs next.</param>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal abstract partial class LoadedPictureModel(
    InstalledModel installed, FairTurns turns, TimeSpan queueTimeout, TimeProvider clock, ILogger logger)
    : LoadedModel(installed)
{
    public FairTurns Turns => turns;

    public override ModelLoad Load => turns.Load;

    /// <summary>Gives the place of a request away when it has waited too long; ends with its disposal.</summary>
    public ITimer LimitWait(FairTurns.Place place) => clock.CreateTimer(
        static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);

    /// <summary>Reports a run that failed or gave numbers that mean nothing.</summary>
    public void NoteFailure(Guid request, ModelRunException exception) => Log.RunFailed(logger, exception, request, Name, Version);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {Request}: the model {Model} {Version} failed on its pictures.")]
        public static partial void RunFailed(ILogger logger, Exception exception, Guid request, string model, string version);
    }
}
