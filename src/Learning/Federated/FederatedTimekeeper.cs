using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Federated;

/// <summary>
/// Ends phases whose time is over. Safe on several instances at once. It goes round the trainings by id, so that one whose step fails
/// holds up no other: the next run begins after it.
/// </summary>
internal sealed class FederatedTimekeeper(
    NpgsqlDataSource dataSource, RoundSteps steps, IOptions<FederatedOptions> options, TimeProvider clock,
    ILogger<FederatedTimekeeper> logger)
    : RecurringWork(new Rhythm(options.Value.Every), clock, logger)
{
    private Guid _last;

    protected override string Failure => "Phases of federated trainings cannot be ended";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        while (await AdvanceOneAsync(cancellationToken))
        {
        }

        _last = Guid.Empty;
    }

    private async Task<bool> AdvanceOneAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var due = await connection.ReadRowsAsync(
            $"""
            select id from federated_jobs where {FederatedJob.IsLive} and phase_until <= $1 and id > $2
            order by id limit 1 for update skip locked
            """,
            row => row.GetGuid(0), cancellationToken, Clock.GetUtcNow(), _last);
        if (due.Count == 0)
        {
            return false;
        }

        _last = due[0];
        var job = (await connection.ReadRowsAsync(
            $"select {FederatedJob.Columns} from federated_jobs where id = $1", FederatedJob.Read, cancellationToken, _last))[0];
        await steps.AdvanceAsync(connection, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
