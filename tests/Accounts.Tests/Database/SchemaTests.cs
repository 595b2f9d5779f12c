using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.LocalServers;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Database;

public sealed class SchemaTests
{
    /// <summary>Columns, primary keys, foreign keys and indexes as Postgres describes
    /// them, names of indexes and constraints left out.</summary>
    private const string Description = """
        select 'column ' || table_name || '.' || column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '')
            || ' ' || is_nullable || ' ' || is_identity || coalesce(' ' || identity_generation, '') as line
        from information_schema.columns where table_schema = 'accounts' and table_name <> 'schema_migrations'
        union all
        select 'constraint ' || r.relname || ' ' || pg_get_constraintdef(c.oid)
        from pg_constraint c join pg_class r on r.oid = c.conrelid join pg_namespace n on n.oid = c.connamespace
        where n.nspname = 'accounts' and c.contype in ('p', 'f', 'u') and r.relname <> 'schema_migrations'
        union all
        select 'index ' || tablename || ' ' || regexp_replace(indexdef, 'INDEX \S+ ON', 'INDEX ON')
        from pg_indexes where schemaname = 'accounts' and tablename <> 'schema_migrations'
        order by 1
        """;

    [Fact]
    public async Task Model_equals_the_migrated_schema()
    {
        await using var host = await AccountsHost.StartAsync();
        var modelled = await CreateFromModelAsync(host);

        Assert.Equal(await DescribeAsync(modelled), await DescribeAsync(host.Postgres));
    }

    [Fact]
    public async Task Migrations_run_twice_without_harm()
    {
        var postgres = await AccountsHost.CreateDatabaseAsync();

        await AccountsApp.MigrateAsync([$"--Postgres:ConnectionString={postgres}"], CancellationToken.None);

        var files = typeof(AccountsApp).Assembly.GetManifestResourceNames().LongCount(
            name => name.Contains(".Migrations.", StringComparison.Ordinal));
        Assert.Equal(files, await ScalarAsync(postgres, "select count(*) from accounts.schema_migrations"));
        Assert.Equal(4L, await ScalarAsync(postgres, "select count(*) from accounts.model_aliases"));
    }

    [Fact]
    public async Task Audit_entries_cannot_be_changed()
    {
        var postgres = await AccountsHost.CreateDatabaseAsync();
        await ScalarAsync(postgres, "insert into accounts.audit_entries (at, action, subject) values (now(), 'a', 's')");

        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => ScalarAsync(PostgresServer.SeeingAll(postgres), "update accounts.audit_entries set action = 'b'"));

        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    private static async Task<string> CreateFromModelAsync(AccountsHost host)
    {
        var superuser = await PostgresServer.SuperuserAsync();
        var name = $"model_{Guid.NewGuid():N}";
        await LocalDatabase.CreateAsync(superuser, name, [new SchemaRole("accounts", "test")], CancellationToken.None);
        await using var scope = host.Services.CreateAsyncScope();
        var script = scope.ServiceProvider.GetRequiredService<AccountsDb>().Database.GenerateCreateScript();
        var connection = LocalDatabase.RoleConnectionString(superuser, name, new SchemaRole("accounts", "test"));
        await ScalarAsync(connection, script.Replace("CREATE SCHEMA accounts;", "", StringComparison.Ordinal));
        return connection;
    }

    private static async Task<string> DescribeAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Description, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
