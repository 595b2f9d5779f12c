using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Jobs;

/// <summary>
/// Writes the schedule of all jobs into Hangfire's tables: at the start, when it also runs each job once, and every minute, because a
/// restored database may have another one.
/// </summary>
internal sealed class JobSchedule(
    IEnumerable<ScheduledJob> jobs, JobStorage storage, IRecurringJobManager manager, TimeProvider clock, ILogger<JobSchedule> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromMinutes(1)), clock, logger)
{
    private bool _started;

    protected override string Failure => "The schedule of the jobs cannot be written";

    public override Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var names = jobs.Select(job => job.Name).ToHashSet(StringComparer.Ordinal);
        using (var connection = storage.GetConnection())
        {
            foreach (var unknown in connection.GetRecurringJobs().Where(job => !names.Contains(job.Id)))
            {
                manager.RemoveIfExists(unknown.Id); // Of an earlier version.
            }
        }

        foreach (var job in jobs)
        {
            manager.AddOrUpdate<JobRunner>(job.Name, runner => runner.RunAsync(job.Name, CancellationToken.None), job.Cron);
        }

        if (!_started)
        {
            foreach (var name in names)
            {
                manager.Trigger(name);
            }

            _started = true;
        }

        return Task.CompletedTask;
    }
}
