namespace Tollgate.Benchmarks.Load;

/// <summary>Runs blocking work on a thread of its own, so that the thread pool has no part in what is measured.</summary>
internal static class LoadThread
{
    private const int StackBytes = 256 * 1024;

    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () =>
            {
#pragma warning disable CA1031 // Whatever ends the thread ends the load, and whoever waits for it is told.
                try
                {
                    done.SetResult(work());
                }
                catch (Exception exception)
                {
                    done.SetException(exception);
                }
#pragma warning restore CA1031
            },
            StackBytes)
        { IsBackground = true, Name = "load" }.Start();
        return done.Task;
    }
}
