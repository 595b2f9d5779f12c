using Hangfire;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Billing.Jobs;

/// <summary>
/// Runs a job for Hangfire, which stores the name of this class and of its method. Lets one process at a time run a job. Thread-safe.
/// </summary>
internal sealed partial class JobRunner(
    IEnumerable<ScheduledJob> jobs, NpgsqlDataSource dataSource, TimeProvider clock, ILogger<JobRunner> logger)
{
    // Not Hangfire's own lock: that one is a row, which outlives a killed process. This one ends with the connection.
    private const string LockSql = "select pg_try_advisory_lock(hashtext('tollgate job'), hashtext($1))";
    private const string UnlockSql = "select pg_advisory_unlock(hashtext('tollgate job'), hashtext($1))";

    private readonly Dictionary<string, Entry> _jobs = jobs.ToDictionary(
        job => job.Name, job => new Entry(job.Work, new RepeatedCondition($"Job {job.Name} fails", clock)), StringComparer.Ordinal);

    /// <summary>
    /// Runs a job unless another process runs it. Hangfire tries a failed one again, three times, then shows it as failed.
    /// </summary>
    /// <returns>The result that the dashboard shows.</returns>
    /// <exception cref="InvalidOperationException">No job has this name: another version of the service scheduled it.</exception>
    [JobDisplayName("{0}")]
    [AutomaticRetry(Attempts = 3, DelaysInSeconds = [15, 60, 240])]
    public async Task<string> RunAsync(string name, CancellationToken cancellationToken)
    {
        var (work, fails) = _jobs.GetValueOrDefault(name) ?? throw new InvalidOperationException($"This version has no job '{name}'.");
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            if (!await connection.ReadValueAsync<bool>(LockSql, cancellationToken, name))
            {
                return "Another process runs it.";
            }

            try
            {
                await work.RunOnceAsync(cancellationToken);
            }
            finally
            {
                await connection.ExecuteAsync(UnlockSql, CancellationToken.None, name);
            }

            fails.Ends(logger);
            return "Done.";
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var reason = exception.GetBaseException().Message;
            if (fails.Begins(reason))
            {
                // While Postgres is down, every job fails for the same reason and the stack adds nothing.
                LogFailed(logger, PostgresOutage.Is(exception) ? null : exception, name, reason);
            }

            throw;
        }
    }

    /// <param name="Fails">The job's failure, logged when it begins and when it ends.</param>
    private sealed record Entry(IScheduledJob Work, RepeatedCondition Fails);

    [LoggerMessage(1, LogLevel.Error, "Job {Job} failed and is tried again. {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception? exception, string job, string reason);
}
