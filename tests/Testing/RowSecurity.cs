using Npgsql;

namespace Tollgate.Testing;

/// <summary>
/// Checks the row-level security of a migrated schema from Postgres' catalogue, table by table. <see cref="FindLeaksAsync"/> takes checks,
/// foreign keys and triggers away, so the database serves nothing else afterwards.
/// </summary>
/// <param name="connectionString">Of the role that owns the schema.</param>
/// <param name="schema">Also the role's name.</param>
public sealed class RowSecurity(string connectionString, string schema)
{
    private static readonly Owner Ada = new(Guid.NewGuid(), Guid.NewGuid(), "a");
    private static readonly Owner Bob = new(Guid.NewGuid(), Guid.NewGuid(), "b");

    /// <summary>
    /// Lists tables that have an organization, directly or by a foreign key to such a table, and no forced row-level security with a
    /// policy.
    /// </summary>
    /// <param name="except">Tables whose rows belong to somebody else.</param>
    public Task<List<string>> FindUnprotectedAsync(params string[] except) => ReadAsync(
        $"""
        with recursive owned as (
          select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = '{schema}'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'organization_id'
            and not a.attisdropped and c.relname <> all('{"{" + string.Join(',', except) + "}"}')
          union
          select k.conrelid from pg_constraint k join owned on k.confrelid = owned.oid where k.contype = 'f')
        select c.relname::text from owned join pg_class c using (oid)
        where not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))
        order by 1
        """);

    /// <summary>
    /// Plants a row of two organizations in each protected table, and lists what a stranger, a session without a scope and each of the two
    /// can do with rows that are not theirs: read, change, delete, add, or give away.
    /// </summary>
    /// <returns>The leaks, and the tables that were looked at.</returns>
    public async Task<(List<string> Leaks, List<string> Tables)> FindLeaksAsync()
    {
        await FreeAsync();
        var tables = await ReadAsync(
            $"""
            select relname || case when relispartition then ' partition' else '' end from pg_class
            where relnamespace = '{schema}'::regnamespace and relrowsecurity order by 1
            """);
        List<string> leaks = [];
        foreach (var table in tables.Where(IsWhole))
        {
            foreach (var owner in new[] { Ada, Bob })
            {
                await ExecuteAsync("all", await InsertAsync(table, owner));
            }
        }

        foreach (var table in tables)
        {
            var name = table.Split(' ')[0];
            foreach (var foreigner in new[] { "", Guid.NewGuid().ToString() })
            {
                leaks.AddRange(await ProbeAsync(name, foreigner));
            }

            if (IsWhole(table))
            {
                leaks.AddRange(await ProbeOwnAsync(name));
            }
        }

        return (leaks, [.. tables.Select(table => table.Split(' ')[0])]);
    }

    private static bool IsWhole(string table) => !table.EndsWith(" partition", StringComparison.Ordinal);

    /// <summary>What somebody without a row can do.</summary>
    private async Task<List<string>> ProbeAsync(string table, string scope)
    {
        List<string> leaks = [];
        var column = (await ColumnsAsync(table))[0].Name;
        var owned = await ConditionAsync(table);
        var who = scope.Length == 0 ? "nobody" : "a stranger";
        Note(await ExecuteAsync(scope, $"select from {schema}.{table} where {owned}") != "0", "reads");
        Note(await ExecuteAsync(scope, $"update {schema}.{table} set {column} = {column}") != "0", "changes");
        Note(await ExecuteAsync(scope, $"delete from {schema}.{table}") != "0", "deletes");
        Note(await ExecuteAsync(scope, await InsertAsync(table, Ada with { Letter = "c" })) != "42501", "adds to");
        return leaks;

        void Note(bool isLeak, string verb) => leaks.AddRange(isLeak ? [$"{who} {verb} {table}"] : []);
    }

    /// <summary>What the first organization can do besides reading its own row.</summary>
    private async Task<List<string>> ProbeOwnAsync(string table)
    {
        List<string> leaks = [];
        var seen = await ExecuteAsync(Ada.Organization.ToString(), $"select from {schema}.{table} where {await ConditionAsync(table)}");
        leaks.AddRange(seen == "1" ? [] : [$"an organization sees {seen} rows of {table}"]);
        if ((await ColumnsAsync(table)).Any(column => column.Name == "organization_id"))
        {
            var given = await ExecuteAsync(
                Ada.Organization.ToString(), $"update {schema}.{table} set organization_id = '{Bob.Organization}'");
            leaks.AddRange(given is "42501" or "0" ? [] : [$"an organization gives a row of {table} away: {given}"]);
        }

        return leaks;
    }

    /// <summary>A condition on rows that belong to an organization, where a table also has some of nobody.</summary>
    private async Task<string> ConditionAsync(string table) =>
        (await ColumnsAsync(table)).Any(column => column.Name == "organization_id") ? "organization_id is not null" : "true";

    private async Task<string> InsertAsync(string table, Owner owner)
    {
        var columns = await ColumnsAsync(table);
        return $"insert into {schema}.{table} ({string.Join(", ", columns.Select(column => column.Name))}) values ("
            + string.Join(", ", columns.Select(column => Value(table, column, owner))) + ")";
    }

    private static string Value(string table, Column column, Owner owner) => (table, column) switch
    {
        (_, { Name: "organization_id" or "chain_id" }) or ("organizations", { Name: "id" })
            or ("departures", { Name: "subject_id" }) => $"'{owner.Organization}'",
        (_, { Type: "uuid" }) => $"'{owner.Id}'",
        (_, { Type: "text" or "character varying" }) => $"'{owner.Letter}'",
        (_, { Type: "bytea" }) => $"'{owner.Letter}'",
        (_, { Type: "smallint" or "integer" or "bigint" or "numeric" or "double precision" }) => "1",
        (_, { Type: "boolean" }) => "false",
        (_, { Type: "timestamp with time zone" or "date" }) => "now()",
        (_, { Type: "jsonb" or "ARRAY" }) => "'{}'",
        _ => throw new InvalidOperationException($"{table}.{column.Name} has the type {column.Type}, of which no value is known."),
    };

    private async Task<List<Column>> ColumnsAsync(string table) =>
        [.. (await ReadAsync(
            $"""
            select column_name || ':' || data_type from information_schema.columns
            where table_schema = '{schema}' and table_name = '{table}' and is_identity = 'NO' and is_generated = 'NEVER'
            order by ordinal_position
            """)).Select(line => new Column(line.Split(':')[0], line.Split(':')[1]))];

    /// <summary>Takes away what refuses invented rows.</summary>
    private Task<List<string>> FreeAsync() => ReadAsync(
        $"""
        do $$
        declare
          found record;
        begin
          for found in
            select c.conrelid::regclass as owner, c.conname from pg_constraint c
            where c.connamespace = '{schema}'::regnamespace and c.contype in ('c', 'f') and c.coninhcount = 0 and c.conrelid <> 0
          loop
            execute format('alter table %s drop constraint if exists %I cascade', found.owner, found.conname);
          end loop;
          for found in
            select t.tgrelid::regclass as owner, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
            where c.relnamespace = '{schema}'::regnamespace and not t.tgisinternal and t.tgparentid = 0
          loop
            execute format('drop trigger %I on %s', found.tgname, found.owner);
          end loop;
        end $$;
        """);

    private async Task<List<string>> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(connectionString));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<string> values = [];
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    /// <summary>Runs a statement in a scope. Only that of everybody commits.</summary>
    /// <returns>Number of rows that it read or wrote; or the error's code.</returns>
    private async Task<string> ExecuteAsync(string scope, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using (var set = new NpgsqlCommand($"set tollgate.organization = '{scope}'", connection))
        {
            await set.ExecuteNonQueryAsync();
        }

        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        try
        {
            var rows = 0;
            await using (var reader = await command.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                {
                    rows++;
                }

                await reader.CloseAsync();
                rows = Math.Max(rows, reader.RecordsAffected);
            }

            if (scope == "all")
            {
                await transaction.CommitAsync();
            }

            return $"{rows}";
        }
        catch (PostgresException refused) when (scope != "all")
        {
            return refused.SqlState;
        }
    }

    /// <summary>An organization whose rows are planted.</summary>
    /// <param name="Id">The value of every other id of its rows.</param>
    /// <param name="Letter">The value of every text.</param>
    private sealed record Owner(Guid Organization, Guid Id, string Letter);

    private sealed record Column(string Name, string Type);
}
