using System.Globalization;
using Npgsql;
using StackExchange.Redis;
using Tollgate.Clusters;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.Keys;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>Looks into the tills once everything is settled. The fields are those that Admission.lua describes.</summary>
internal static class Tills
{
    private const string Holds = "no hold outlives its request";
    private const string Lease = "a till has no more than its lease";

    public static IEnumerable<string> Invariants => [Holds, Lease];

    public static async Task<IReadOnlyList<Violation>> CheckAsync(TollgateCluster cluster, IReadOnlyList<Customer> customers)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cluster.RedisConnection);
        var open = await OpenLeasesAsync(cluster.PostgresConnection);
        List<Violation> violations = [];
        foreach (var customer in customers)
        {
            var fields = (await redis.GetDatabase().HashGetAllAsync(RedisNames.Organization(customer.OrganizationId)))
                .ToDictionary(field => (string)field.Name!, field => field.Value);
            violations.AddRange(fields
                .Where(field => field.Key.StartsWith("h:", StringComparison.Ordinal)
                    || (field.Key.StartsWith("c:", StringComparison.Ordinal) && field.Value != "0"))
                .Select(field => new Violation(Holds, $"{customer.Name} {field.Key}")));
            if (fields.TryGetValue("till", out var text))
            {
                var till = ((string)text!).Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray();
                var lease = open.GetValueOrDefault((customer.OrganizationId, till[0]));
                if (till[3] != 0)
                {
                    violations.Add(new Violation(Holds, $"{customer.Name} till {text}"));
                }

                if (till[1] - till[2] > lease)
                {
                    violations.Add(new Violation(Lease, $"{customer.Name} till {text}, open lease {lease}"));
                }
            }
        }

        return violations;
    }

    /// <summary>What each epoch still holds by the bank's books, nano-dollars rounded down.</summary>
    private static async Task<Dictionary<(Guid Organization, long Epoch), long>> OpenLeasesAsync(string postgres)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select organization_id, epoch, floor((granted - billed - returned) * 1000000000)::bigint from billing.lease_epochs",
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        Dictionary<(Guid, long), long> open = [];
        while (await reader.ReadAsync())
        {
            open[(reader.GetGuid(0), reader.GetInt64(1))] = reader.GetInt64(2);
        }

        return open;
    }
}
