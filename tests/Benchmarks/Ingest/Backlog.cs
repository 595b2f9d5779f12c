using Npgsql;
using Tollgate.Benchmarks.Comparison;
using Tollgate.Benchmarks.Load;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Peers;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Ingest;

/// <summary>How a gateway's backlog was shipped.</summary>
/// <param name="Requests">Answered while Billing was away, and one before.</param>
/// <param name="Booked">Rows in Billing's database at the end.</param>
/// <param name="Elapsed">From Billing's readiness until the last row.</param>
/// <param name="Cpu">Seconds of CPU by process in that time.</param>
internal sealed record BacklogResult(long Requests, long Booked, TimeSpan Elapsed, IReadOnlyDictionary<string, double> Cpu)
{
    public double PerSecond => Booked / Elapsed.TotalSeconds;
}

/// <summary>
/// Stops Billing, lets a real gateway answer and journal, starts Billing again and waits until every request is a row. One organization,
/// its till filled beforehand.
/// </summary>
internal sealed class Backlog(TollgateCluster cluster, IngestPlan plan)
{
    private const int Connections = 32;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public async Task<BacklogResult> RunAsync(CancellationToken cancellationToken)
    {
        var customer = await BenchCustomer.CreateAsync(cluster, cancellationToken);
        await customer.WaitForAnswerAsync(cluster.Api[0], cancellationToken);
        await cluster.Billing.StopAsync();
        var requests = 1 + await FillAsync(customer);
        await cluster.Billing.StartAsync();
        var started = Pace.Now;
        var cpu = new CpuWatch(
            [("gateway", cluster.Gateways[0].Id), ("Billing", cluster.Billing.Id), ("Postgres", cluster.Postgres.Id)]);
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync(cancellationToken);
        long booked = 0;
        await Until.TrueAsync(
            async () => (booked = await CountAsync(connection, customer.OrganizationId, cancellationToken)) >= requests,
            "every request is a row",
            Patience);
        return new BacklogResult(requests, booked, TimeSpan.FromTicks((Pace.Now - started) / 100), cpu.Read());
    }

    private async Task<long> FillAsync(BenchCustomer customer)
    {
        var address = System.Net.IPEndPoint.Parse(new Uri(cluster.Api[0]).Authority);
        var request = RequestBytes.Chat(address, customer.KeyText, BenchModels.Instant, 16, stream: false);
        long answered = 0;
        while (answered < plan.Events)
        {
            var load = await UnaryLoad.RunAsync(new LoadPlan(address, request, Connections, null, Slice, plan.Seed));
            if (load.Failed > 0)
            {
                // A refusal is no request to bill; but a machine where others are at work shows here.
                await Console.Error.WriteLineAsync($"  {load.Failed} refused, first: {load.Failure}");
            }

            answered += load.Answered;
            await Console.Error.WriteLineAsync($"  {answered:N0} requests journaled, {load.PerSecond:N0}/s");
        }

        return answered;
    }

    /// <summary>From the rollups, which are written in the rows' own transaction and are quick to add up.</summary>
    private static async Task<long> CountAsync(NpgsqlConnection connection, Guid organizationId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select coalesce(sum(requests), 0)::bigint from billing.usage_rollup_hours where organization_id = $1", connection)
        {
            Parameters = { new() { Value = organizationId } },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
