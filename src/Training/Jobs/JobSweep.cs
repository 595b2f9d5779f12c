using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Training.Jobs;

/// <summary>Deletes each minute the folders of jobs that have ended, and of those that had no run for
/// <see cref="TrainerOptions.KeepJobs"/>.
/// A trainer cannot tell a job that was cancelled from one that is paused: Learning states it.</summary>
internal sealed class JobSweep(
    JobFolders folders, LearningFiles files, IOptions<TrainerOptions> options, TimeProvider clock, ILogger<JobSweep> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromMinutes(1)), clock, logger)
{
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var (folder, unused) in folders.Unused())
        {
            if (unused > options.Value.KeepJobs || await files.HasEndedAsync(folder.Job, cancellationToken))
            {
                folders.DeleteUnused(folder);
            }
        }
    }
}
