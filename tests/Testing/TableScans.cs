using Npgsql;

namespace Tollgate.Testing;

/// <summary>How often Postgres read each table of a schema from end to end since its statistics began.</summary>
public sealed class TableScans
{
    private readonly Dictionary<string, long> _tables = [];

    private TableScans()
    {
    }

    /// <summary>Reads the counts when all sessions of the database but this one have ended: a session adds its own at its end.</summary>
    public static async Task<TableScans> ReadAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var others = new NpgsqlCommand(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
            """,
            connection);
        await Until.TrueAsync(async () => await others.ExecuteScalarAsync() is 0L, "the end of the other sessions");

        await using var command = new NpgsqlCommand(
            "select relname::text, seq_scan from pg_stat_user_tables where schemaname = current_schema()", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var scans = new TableScans();
        while (await reader.ReadAsync())
        {
            scans._tables[reader.GetString(0)] = reader.GetInt64(1);
        }

        return scans;
    }

    /// <summary>Those of the tables that were read from end to end since <paramref name="before"/>.</summary>
    public IReadOnlyList<string> ReadWholeSince(TableScans before, params string[] tables) =>
        [.. tables.Where(table => _tables[table] > before._tables[table])];
}
