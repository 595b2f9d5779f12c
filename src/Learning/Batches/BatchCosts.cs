using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Learning.Costs;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Batches;

/// <summary>Reads the cost of ended batches, and then forgets their lines.</summary>
internal sealed class BatchCosts(
    NpgsqlDataSource dataSource, RequestCostClient client, IOptions<BatchOptions> options, TimeProvider clock, ILogger<BatchCosts> logger)
    : CostReading(dataSource, client, Table, new Rhythm(options.Value.Every), clock, logger)
{
    private static readonly CostTable Table = new(
        "batches", "batches", $"not ({BatchStatus.IsLive})", "coalesce(completed_at, failed_at, expired_at, cancelled_at)", "batch_lines",
        "batch_id", "line")
    {
        ForgetsRequests = true,
    };
}
