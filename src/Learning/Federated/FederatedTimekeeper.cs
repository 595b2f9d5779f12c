using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Federated;

/// <summary>Ends phases whose time is over. Safe on several instances at once.</summary>
internal sealed class FederatedTimekeeper(
    NpgsqlDataSource dataSource, RoundSteps steps, IOptions<FederatedOptions> options, TimeProvider clock,
    ILogger<FederatedTimekeeper> logger)
    : RecurringWork(new Rhythm(options.Value.Every), clock, logger)
{
    protected override string Failure => "Phases of federated trainings cannot be ended";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        while (await AdvanceOneAsync(cancellationToken))
        {
        }
    }

    private async Task<bool> AdvanceOneAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var job = (await connection.ReadRowsAsync(
            $"""
            select {FederatedJob.Columns} from federated_jobs where {FederatedJob.IsLive} and phase_until <= $1
            order by phase_until limit 1 for update skip locked
            """,
            FederatedJob.Read, cancellationToken, Clock.GetUtcNow())).FirstOrDefault();
        if (job is null)
        {
            return false;
        }

        await steps.AdvanceAsync(connection, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
