using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>Connects a service to its Postgres schema.</summary>
public static class PostgresExtensions
{
    /// <summary>
    /// Registers an <see cref="NpgsqlDataSource"/> from <c>Postgres:ConnectionString</c>, makes readiness depend on it, and answers
    /// requests during an outage (<see cref="PostgresOutage"/>).
    /// </summary>
    public static WebApplicationBuilder AddPostgres(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(_ => CreateDataSource(builder.Configuration));
        builder.Services.AddExceptionHandler<PostgresOutage>();
        builder.Services.AddHealthChecks().AddCheck<PostgresHealth>("postgres", tags: ["ready"]);
        return builder;
    }

    /// <summary>Creates a data source from <c>Postgres:ConnectionString</c>.</summary>
    /// <exception cref="InvalidOperationException">The connection string is missing, or would leak session settings between users of the
    /// pool.</exception>
    public static NpgsqlDataSource CreateDataSource(IConfiguration configuration)
    {
        var text = configuration["Postgres:ConnectionString"]
            ?? throw new InvalidOperationException("Postgres:ConnectionString is not set.");
        var settings = new NpgsqlConnectionStringBuilder(text);
        if (settings.NoResetOnClose)
        {
            throw new InvalidOperationException(
                "Postgres:ConnectionString must not set 'No Reset On Close': it leaks one user's session settings to the next.");
        }

        if (settings.Multiplexing || settings.Options?.Contains("tollgate.organization", StringComparison.Ordinal) == true)
        {
            throw new InvalidOperationException(
                "Postgres:ConnectionString must set neither 'Multiplexing' nor tollgate.organization: each session has its own scope.");
        }

        return NpgsqlDataSource.Create(settings);
    }

    private sealed class PostgresHealth(NpgsqlDataSource dataSource) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var command = dataSource.CreateCommand("select 1");
                await command.ExecuteScalarAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
            {
                return HealthCheckResult.Unhealthy("Postgres does not answer.", exception);
            }
        }
    }
}
