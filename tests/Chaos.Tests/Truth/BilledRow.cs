using Npgsql;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>One row of <c>usage_events</c>: what was billed.</summary>
internal sealed record BilledRow(
    Guid RequestId, int Seq, BilledTo To, int Attempt, Units Units, long Delivered, Outcome Outcome, UsageSource Source,
    decimal Amount, DateTimeOffset AdmittedAt, DateTimeOffset FinishedAt)
{
    public ServiceClass ServiceClass { get; init; }

    public static async Task<IReadOnlyList<BilledRow>> ReadAllAsync(string postgres)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select request_id, seq, organization_id, project_id, key_id, attempt, delivered, outcome, source, amount, admitted_at,
              finished_at, input, cached, output, reasoning, audio_ms, images, pixels, steps, calls, elements,
              service_class
            from billing.usage_events
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<BilledRow> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(new BilledRow(
                reader.GetGuid(0), reader.GetInt32(1), new BilledTo(reader.GetGuid(2), reader.GetGuid(3), reader.GetGuid(4)),
                reader.GetInt32(5), ReadUnits(reader, 12), reader.GetInt64(6), (Outcome)reader.GetInt16(7),
                (UsageSource)reader.GetInt16(8), reader.GetDecimal(9), reader.GetFieldValue<DateTimeOffset>(10),
                reader.GetFieldValue<DateTimeOffset>(11))
            {
                ServiceClass = (ServiceClass)reader.GetInt16(12 + Units.Length),
            });
        }

        return rows;
    }

    private static Units ReadUnits(NpgsqlDataReader reader, int first)
    {
        var counts = default(UnitCounts);
        for (var kind = 0; kind < Units.Length; kind++)
        {
            counts[kind] = reader.GetInt64(first + kind);
        }

        return Units.Of(counts);
    }
}

/// <summary>Who pays a row.</summary>
internal readonly record struct BilledTo(Guid OrganizationId, Guid ProjectId, Guid KeyId);
