using System.Reflection;
using Npgsql;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>
/// Updates a service's schema from the SQL files embedded under its <c>Migrations</c> folder. Runs each file once, in the order of the
/// names and in a separate transaction. Holds an advisory lock, so several instances may start together.
/// </summary>
public static class SchemaMigrations
{
    /// <summary>Runs the files that have not run yet. The schema must exist and belong to the connection's role.</summary>
    /// <exception cref="InvalidOperationException">A file was changed after it ran, or the role bypasses row-level security.</exception>
    public static async Task RunAsync(NpgsqlDataSource dataSource, Assembly service, string schema, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        if (await connection.ReadValueAsync<bool>(
            "select rolsuper or rolbypassrls from pg_roles where rolname = current_user", cancellationToken))
        {
            throw new InvalidOperationException(
                $"The role {connection.UserName} in Postgres:ConnectionString bypasses row-level security, which keeps organizations "
                + "apart. "
                + $"Use a role that owns the schema {schema} and is neither superuser nor BYPASSRLS.");
        }

        await ExecuteAsync(connection, $"select pg_advisory_lock(hashtext('tollgate migrations {schema}'))", cancellationToken);
        await ExecuteAsync(
            connection,
            $"create table if not exists {schema}.schema_migrations "
            + "(name text primary key, sha256 text not null, applied_at timestamptz not null default now())",
            cancellationToken);
        foreach (var name in service.GetManifestResourceNames().Where(n => n.Contains(".Migrations.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(service.GetManifestResourceStream(name)!);
            await ApplyAsync(connection, schema, name, await reader.ReadToEndAsync(cancellationToken), cancellationToken);
        }

        await ExecuteAsync(connection, $"select pg_advisory_unlock(hashtext('tollgate migrations {schema}'))", cancellationToken);
    }

    private static async Task ApplyAsync(
        NpgsqlConnection connection, string schema, string name, string sql, CancellationToken cancellationToken)
    {
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(sql)));
        await using var known =
            new NpgsqlCommand($"select sha256 from {schema}.schema_migrations where name = $1", connection) { Parameters =
                { new() { Value = name } } };
        if (await known.ExecuteScalarAsync(cancellationToken) is string applied)
        {
            if (applied != hash)
            {
                throw new InvalidOperationException($"Migration {name} was changed after it ran. Add a new file instead.");
            }

            return;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"set local search_path to {schema}; {sql}", cancellationToken);
        await using var record = new NpgsqlCommand($"insert into {schema}.schema_migrations (name, sha256) values ($1, $2)", connection)
        {
            Parameters = { new() { Value = name }, new() { Value = hash } },
        };
        await record.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
