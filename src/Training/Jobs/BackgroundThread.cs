using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Tollgate.Training.Jobs;

/// <summary>Runs work on a thread of its own, with the lowest priority that Linux has (SCHED_IDLE, nice 19): whatever else the machine does
/// comes first. The process's other threads keep theirs, so that gateways get their answers in time on a busy machine.</summary>
internal static partial class BackgroundThread
{
    private const int IdlePolicy = 5; // SCHED_IDLE
    private const int LowestNice = 19;

    /// <summary>Runs work to its end, what follows its awaits included. Threads that ONNX Runtime makes for it have its priority.</summary>
    /// <param name="lowest">Whether its priority is the lowest.</param>
    public static Task<TResult> RunAsync<TResult>(Func<Task<TResult>> work, bool lowest)
    {
        var result = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(work, lowest, result)) { IsBackground = true, Name = "training" }.Start();
        return result.Task;
    }

    private static void Run<TResult>(Func<Task<TResult>> work, bool lowest, TaskCompletionSource<TResult> result)
    {
        if (lowest && OperatingSystem.IsLinux())
        {
            // Of this thread alone: Linux takes 0 for the caller. It may always lower its own priority; a refusal changes nothing.
            _ = SetPriority(0, 0, LowestNice);
            _ = SetScheduler(0, IdlePolicy, 0);
        }

        using var queue = new Continuations();
        SynchronizationContext.SetSynchronizationContext(queue);
        var task = StartAsync(work);
        task.GetAwaiter().UnsafeOnCompleted(queue.End);
        queue.Run();
        result.SetFromTask(task);
    }

    /// <summary>Also makes what the work throws before its first await a failure of the task.</summary>
    private static async Task<TResult> StartAsync<TResult>(Func<Task<TResult>> work) => await work();

    /// <param name="which">0: a process, or on Linux a thread.</param>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    /// <param name="priority">The only member of the structure; 0 for this policy.</param>
    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);

    /// <summary>What follows the awaits of some work, in order, on its thread.</summary>
    private sealed class Continuations : SynchronizationContext, IDisposable
    {
        private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];

        public override void Post(SendOrPostCallback d, object? state) => _posted.Add((d, state));

        public void End() => _posted.CompleteAdding();

        public void Run()
        {
            foreach (var (callback, state) in _posted.GetConsumingEnumerable())
            {
                callback(state);
            }
        }

        public void Dispose() => _posted.Dispose();
    }
}
