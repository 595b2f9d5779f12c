using Npgsql;

namespace Tollgate.LocalServers;

/// <summary>A role that owns only the schema with its name; Billing's also that of its jobs.</summary>
public sealed record SchemaRole(string Name, string Password);

/// <summary>Creates Tollgate's database in a server with one role per schema, as an operator's script would.</summary>
public static class LocalDatabase
{
    /// <summary>Creates the database, its roles and their schemas where missing, and sets the roles' passwords. Idempotent.</summary>
    public static async Task CreateAsync(
        string superuser, string database, IReadOnlyList<SchemaRole> roles, CancellationToken cancellationToken)
    {
        await using (var connection = new NpgsqlConnection(superuser))
        {
            await connection.OpenAsync(cancellationToken);
            foreach (var role in roles)
            {
                await ExecuteAsync(connection, $"""
                    do $$ begin
                      if not exists (select from pg_roles where rolname = '{role.Name}') then create role {role.Name} login; end if;
                    end $$;
                    alter role {role.Name} password '{role.Password}';
                    alter role {role.Name} set search_path = {role.Name};
                    """, cancellationToken);
            }

            await using var exists =
                new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters =
                    { new() { Value = database } } };
            if (await exists.ExecuteScalarAsync(cancellationToken) is null)
            {
                await ExecuteAsync(connection, $"create database {database}", cancellationToken);
            }
        }

        await using var inside = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(superuser) { Database = database, Pooling = false }.ConnectionString);
        await inside.OpenAsync(cancellationToken);
        await ExecuteAsync(
            inside, "create extension if not exists btree_gist; revoke create on schema public from public;", cancellationToken);
        await ExecuteAsync(inside, $"revoke connect on database {database} from public;", cancellationToken);
        foreach (var role in roles)
        {
            await ExecuteAsync(
                inside,
                $"grant connect on database {database} to {role.Name}; "
                + $"create schema if not exists {role.Name} authorization {role.Name}; {JobsOf(role)} "
                + $"grant execute on function pg_control_system(), pg_control_checkpoint() to {role.Name};",
                cancellationToken);
        }
    }

    /// <summary>Returns a role's connection string for the database.</summary>
    public static string RoleConnectionString(string superuser, string database, SchemaRole role) =>
        new NpgsqlConnectionStringBuilder(superuser) { Database = database, Username = role.Name, Password =
            role.Password }.ConnectionString;

    private static string JobsOf(SchemaRole role) =>
        role.Name == "billing" ? "create schema if not exists billing_jobs authorization billing;" : "";

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
