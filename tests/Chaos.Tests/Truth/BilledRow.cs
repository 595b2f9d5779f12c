using Npgsql;
using Tollgate.Contracts.Usage;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>One row of <c>usage_events</c>: what was billed.</summary>
internal sealed record BilledRow(
    Guid RequestId, int Seq, Guid KeyId, int Attempt, long Prompt, long Output, long Delivered, Outcome Outcome, UsageSource Source,
    decimal Amount, DateTimeOffset AdmittedAt, DateTimeOffset FinishedAt)
{
    public static async Task<IReadOnlyList<BilledRow>> ReadAllAsync(string postgres)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select request_id, seq, key_id, attempt, input + cached, output + reasoning, delivered, outcome, source, amount, admitted_at,
              finished_at
            from billing.usage_events
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<BilledRow> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(new BilledRow(
                reader.GetGuid(0), reader.GetInt32(1), reader.GetGuid(2), reader.GetInt32(3), reader.GetInt64(4), reader.GetInt64(5),
                reader.GetInt64(6), (Outcome)reader.GetInt16(7), (UsageSource)reader.GetInt16(8), reader.GetDecimal(9),
                reader.GetFieldValue<DateTimeOffset>(10), reader.GetFieldValue<DateTimeOffset>(11)));
        }

        return rows;
    }
}
