using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Jobs;

/// <summary>Rows of events. Their numbers are in the order of what happened.</summary>
internal static class JobEvents
{
    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns = "id, number, created_at, level, type, message, data";

    public static StoredEvent Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetInt32(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3), row.GetString(4), row.GetString(5),
        row.IsDBNull(6) ? null : row.GetString(6));

    /// <summary>Adds an event, in a transaction that has changed the job: its lock gives the numbers.</summary>
    public static Task AddAsync(
        NpgsqlConnection connection, Guid job, JobEvent happened, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            """
            insert into job_events (job_id, number, id, created_at, level, type, message, data)
            values ($1, (select coalesce(max(number), 0) + 1 from job_events where job_id = $1), $2, $3, $4, $5, $6, $7)
            """,
            cancellationToken, job, Guid.CreateVersion7(now), now, happened.Level, happened.Type, happened.Message, happened.Data);
}
