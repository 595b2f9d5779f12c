using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A model of any kind in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed partial class LoadedTensors(
    InstalledModel installed, TensorSignature signature, TensorEngine engine, TimeSpan queueTimeout, TimeProvider clock,
    ILogger<LoadedTensors> logger)
    : LoadedModel(installed)
{
    public TensorSignature Signature => signature;

    public TensorEngine Engine => engine;

    public override ModelCard Card => base.Card with { Tensors = signature };

    public override ModelLoad Load => engine.Turns.Load;

    /// <summary>Gives the place of a request away when it has waited too long; ends with its disposal.</summary>
    public ITimer LimitWait(FairTurns.Place place) => clock.CreateTimer(
        static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);

    /// <summary>Reports a run that gave no answer. The client's tensors are the usual cause.</summary>
    public void NoteFailure(Guid request, TensorRunException exception) =>
        Log.RunFailed(logger, request, Name, Version, exception.Error.Code, (exception.InnerException ?? exception).Message);

    public override Task WarmUpAsync(CancellationToken cancellationToken) => engine.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        engine.Dispose();
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Request {Request}: the model {Model} {Version} gave no answer ({Code}): {Reason}")]
        public static partial void RunFailed(ILogger logger, Guid request, string model, string version, string? code, string reason);
    }
}
