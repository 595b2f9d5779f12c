using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Tasks;

/// <summary>Runs of a graph before a model is ready.</summary>
internal static class WarmUpRun
{
    /// <summary>Runs graphs on the thread pool. A run ends when the time for it is over.</summary>
    /// <param name="run">Is given the options for every run.</param>
    /// <exception cref="OperationCanceledException">The time for it is over.</exception>
    public static Task RunAsync(Action<RunOptions> run, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var options = new RunOptions();
            using var stop = cancellationToken.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
            try
            {
                run(options);
            }
            catch (Exception exception) when (
                exception is ModelRunException or OnnxRuntimeException && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException("A run was ended.", exception, cancellationToken);
            }
        },
        cancellationToken);
}
