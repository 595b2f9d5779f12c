using Hangfire.PostgreSql;
using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Jobs;

/// <summary>Hangfire's tables, in a schema of their own that belongs to Billing's role.</summary>
internal static class JobTables
{
    public const string Schema = "billing_jobs";

    /// <summary>Opens the storage without a connection, so that the service also starts while Postgres is down.</summary>
    public static PostgreSqlStorage Open(NpgsqlDataSource dataSource) => Open(dataSource, installs: false);

    /// <summary>Brings the tables to the version of the library. Several instances may start together.</summary>
    /// <exception cref="InvalidOperationException">
    /// The schema is missing, and the role may not create it; or the tables were not made.
    /// </exception>
    public static async Task InstallAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (!await connection.ReadValueAsync<bool>(
            "select exists (select from pg_namespace where nspname = $1)", cancellationToken, Schema))
        {
            throw new InvalidOperationException(
                $"The schema {Schema} is missing. As a superuser: create schema {Schema} authorization {connection.UserName};");
        }

        await connection.ExecuteAsync("select pg_advisory_lock(hashtext($1))", cancellationToken, $"tollgate migrations {Schema}");
        _ = Open(dataSource, installs: true);
        if (!await connection.ReadValueAsync<bool>("select to_regclass($1) is not null", cancellationToken, $"{Schema}.jobqueue"))
        {
            throw new InvalidOperationException($"Hangfire could not install its tables in the schema {Schema}.");
        }

        await connection.ExecuteAsync("select pg_advisory_unlock(hashtext($1))", cancellationToken, $"tollgate migrations {Schema}");
    }

    private static PostgreSqlStorage Open(NpgsqlDataSource dataSource, bool installs) => new(
        new Connections(dataSource),
        new PostgreSqlStorageOptions
        {
            SchemaName = Schema,
            PrepareSchemaIfNecessary = installs,
            DistributedLockTimeout = TimeSpan.FromMinutes(1), // The lock of a killed process holds up the schedule for so long.
            UseSlidingInvisibilityTimeout = true,
            InvisibilityTimeout = TimeSpan.FromMinutes(2), // A killed process's job runs again after this time.
        });

    private sealed class Connections(NpgsqlDataSource dataSource) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => dataSource.CreateConnection();
    }
}
