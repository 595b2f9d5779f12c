using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Costs;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Jobs;

/// <summary>Asks for the plans of new jobs.</summary>
internal sealed class JobPlanner(
    [FromKeyedServices(JobPlanner.Key)] Claims<Job> claims, JobParts parts, IOptions<JobOptions> options, TimeProvider clock,
    ILogger<JobPlanner> logger)
    : ClaimingWork<Job>(claims, options.Value.Plans, options.Value.Every, clock, logger)
{
    /// <summary>Of the claims by which jobs are planned.</summary>
    public const string Key = "plans";

    protected override IClaimedRun Begin(Job row) => new PlanWork(row, Claims, parts);
}

/// <summary>Trains jobs whose turn it is.</summary>
internal sealed class JobRunner(
    [FromKeyedServices(JobRunner.Key)] Claims<Job> claims, JobParts parts, LearningMetrics metrics, IOptions<JobOptions> options,
    TimeProvider clock, ILogger<JobRunner> logger)
    : ClaimingWork<Job>(claims, options.Value.Concurrency, options.Value.Every, clock, logger)
{
    /// <summary>Of the claims by which jobs are trained.</summary>
    public const string Key = "trainings";

    protected override IClaimedRun Begin(Job row) => new TrainingWork(row, Claims, parts);

    protected override void Count(int runs) => metrics.JobsRun(runs);
}

/// <summary>Reads the cost of ended jobs.</summary>
internal sealed class JobCosts(
    NpgsqlDataSource dataSource, RequestCostClient client, IOptions<JobOptions> options, TimeProvider clock, ILogger<JobCosts> logger)
    : CostReading(dataSource, client, Table, new Rhythm(options.Value.Every), clock, logger)
{
    private static readonly CostTable Table =
        new("fine-tuning jobs", "jobs", "finished_at is not null", "finished_at", "job_runs", "job_id", "number")
        {
            IsCertain = "answered",
            Tokens = "trained_tokens",
            Patience = JobOptions.RowPatience,
        };
}
