using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Inference.Worker;

/// <summary>
/// Name and folder of this worker. No other process has them at the same time: a lock holds the folder until disposal.
/// With <c>Worker:MostReplicas</c> above 1 both belong to a numbered place, the first one that is free. The next process in a place goes on
/// with its log, so a log is read to its end also when the container that wrote it is gone.
/// </summary>
public sealed class WorkerFolder : IDisposable
{
    private readonly FileStream _lock;

    /// <summary>Takes the folder, and creates it.</summary>
    /// <exception cref="InvalidOperationException">Other workers have the folder, or all places in it.</exception>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    public WorkerFolder(IOptions<WorkerOptions> options)
    {
        var worker = options.Value;
        if (worker.MostReplicas == 1)
        {
            (WorkerId, Path) = (worker.Id, worker.DataDirectory);
            _lock = TryTake(Path) ?? throw new InvalidOperationException(
                $"Worker:DataDirectory: another worker has {Path}. Give each worker a folder, or set Worker:MostReplicas.");
            return;
        }

        for (var place = 1; place <= worker.MostReplicas; place++)
        {
            (WorkerId, Path) = ($"{worker.Id}-{place}", System.IO.Path.Combine(worker.DataDirectory, $"{place}"));
            if (TryTake(Path) is { } taken)
            {
                _lock = taken;
                return;
            }
        }

        throw new InvalidOperationException(
            $"Worker:MostReplicas: {worker.MostReplicas} workers already have all places in {worker.DataDirectory}.");
    }

    /// <summary>Name of the worker: <c>Worker:Id</c>, followed by the place's number where there are several.</summary>
    public string WorkerId { get; }

    public string Path { get; }

    public void Dispose() => _lock.Dispose();

    private static FileStream? TryTake(string folder) =>
        FileLock.TryTake(System.IO.Path.Combine(Directory.CreateDirectory(folder).FullName, "lock"));
}
