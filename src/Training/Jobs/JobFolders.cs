using System.Collections.Concurrent;
using Tollgate.Inference.Worker;

namespace Tollgate.Training.Jobs;

/// <summary>What the trainer keeps of jobs: <c>&lt;data&gt;/jobs/&lt;job&gt;</c> with the files, the work folder with its checkpoints, and
/// the result until Learning has it. Thread-safe.</summary>
internal sealed class JobFolders(WorkerFolder worker, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Guid, JobFolder> _used = new();
    private readonly string _root = Path.Combine(worker.Path, "jobs");

    /// <summary>Opens the folder of a job for its run. A job has one run at a time.</summary>
    public JobFolder Open(Guid job)
    {
        var folder = new JobFolder(job, Path.Combine(_root, $"{job:N}"));
        Directory.CreateDirectory(folder.Path);
        Directory.SetLastWriteTimeUtc(folder.Path, clock.GetUtcNow().UtcDateTime);
        _used[job] = folder;
        return folder;
    }

    /// <summary>Ends the use by a run.</summary>
    /// <param name="delete">Whether no further run needs it.</param>
    public void Close(JobFolder folder, bool delete)
    {
        if (delete)
        {
            Directory.Delete(folder.Path, recursive: true);
        }
        else
        {
            Directory.SetLastWriteTimeUtc(folder.Path, clock.GetUtcNow().UtcDateTime);
        }

        _used.TryRemove(KeyValuePair.Create(folder.Job, folder));
    }

    /// <summary>Folders that no run uses, with the time since one did.</summary>
    public IReadOnlyList<(JobFolder Folder, TimeSpan Unused)> Unused() => Directory.Exists(_root)
        ?
        [
            .. Directory.EnumerateDirectories(_root)
                .Where(path => Guid.TryParseExact(Path.GetFileName(path), "N", out var job) && !_used.ContainsKey(job))
                .Select(path => (
                    new JobFolder(Guid.ParseExact(Path.GetFileName(path), "N"), path),
                    clock.GetUtcNow() - new DateTimeOffset(Directory.GetLastWriteTimeUtc(path)))),
        ]
        : [];

    /// <summary>Deletes a folder unless a run has taken it meanwhile.</summary>
    public void DeleteUnused(JobFolder folder)
    {
        if (_used.TryAdd(folder.Job, folder))
        {
            Close(folder, delete: true);
        }
    }
}

/// <summary>The folder of one job.</summary>
internal sealed record JobFolder(Guid Job, string Path)
{
    public string TrainingFile => At("training-file");

    public string ValidationFile => At("validation-file");

    public string Work => At("work");

    public string Output => At("output");

    /// <summary>The result as Learning gets it.</summary>
    public string Archive => At("result.tar");

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
