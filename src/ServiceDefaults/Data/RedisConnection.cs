using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>Settings of Redis. Section <c>Redis</c>.</summary>
public sealed class RedisOptions
{
    public const string Section = "Redis";

    /// <summary>In StackExchange.Redis' format, such as <c>127.0.0.1:6379,password=…</c>.</summary>
    [Required]
    public string ConnectionString { get; init; } = "";

    /// <summary>Timeout of one call, after which it has failed with an unknown outcome. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:00:05")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(250);
}

[OptionsValidator]
internal sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;

/// <summary>Redis did not answer in time, not at all, or that it serves nobody now. The outcome of the call is unknown.</summary>
public sealed class RedisUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Connects to Redis. Every call ends within <see cref="RedisOptions.Timeout"/>; while the connection is down, calls fail at once.
/// Connects on first use and reconnects automatically. Thread-safe.
/// </summary>
public sealed class RedisConnection(IOptions<RedisOptions> options, RedisMetrics metrics, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>First words of errors that speak of the server's state, not of the command: it loads, runs a long script, does not yet
    /// know who asks, is full, lost its master or its cluster. Source: the server's <c>createSharedObjects</c> and Cluster's redirections.
    /// </summary>
    private static readonly FrozenSet<string> NotNow =
        FrozenSet.Create("LOADING", "BUSY", "NOAUTH", "OOM", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "NOREPLICAS");

    private readonly SemaphoreSlim _connecting = new(1, 1);
    private ConnectionMultiplexer? _multiplexer;

    /// <summary>Runs <paramref name="call"/> within the time limit.</summary>
    /// <param name="name">What it is in metrics.</param>
    /// <exception cref="RedisUnavailableException">No answer in time, no connection, or a server that serves nobody now.</exception>
    /// <exception cref="RedisServerException">Redis answered with an error.</exception>
    public Task<T> CallAsync<T>(RedisCall name, Func<IDatabase, Task<T>> call, CancellationToken cancellationToken = default) =>
        RunAsync(name, multiplexer => call(multiplexer.GetDatabase()), cancellationToken);

    /// <summary>Runs <paramref name="call"/> on one server, for commands that do not concern a key.</summary>
    /// <param name="name">What it is in metrics.</param>
    /// <param name="server">From <see cref="ListServersAsync"/>.</param>
    /// <exception cref="RedisUnavailableException">No answer in time, no connection, or a server that serves nobody now.</exception>
    /// <exception cref="RedisServerException">Redis answered with an error.</exception>
    public Task<T> CallAsync<T>(
        RedisCall name, IServer server, Func<IServer, Task<T>> call, CancellationToken cancellationToken = default) =>
        RunAsync(name, _ => call(server), cancellationToken);

    /// <summary>Lists all servers: one, or every node of a Redis Cluster.</summary>
    /// <exception cref="RedisUnavailableException">One of them cannot be reached.</exception>
    public Task<IReadOnlyList<IServer>> ListServersAsync(CancellationToken cancellationToken = default) =>
        RunAsync<IReadOnlyList<IServer>>(
            new RedisCall("PING"),
            async multiplexer =>
            {
                await multiplexer.GetDatabase().PingAsync(); // The servers are known only after a first answer.
                var servers = multiplexer.GetServers();
                return servers.FirstOrDefault(server => !server.IsConnected) is { } away
                    ? throw new RedisUnavailableException($"Redis cannot be reached at {away.EndPoint}.")
                    : servers;
            },
            cancellationToken);

    private async Task<T> RunAsync<T>(
        RedisCall name, Func<ConnectionMultiplexer, Task<T>> call, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var error = "cancelled";
        try
        {
            var multiplexer = _multiplexer ?? await ConnectAsync(cancellationToken);
            var answer = await call(multiplexer).WaitAsync(options.Value.Timeout, clock, cancellationToken);
            error = null;
            return answer;
        }
        catch (TimeoutException exception)
        {
            error = "timeout";
            throw new RedisUnavailableException($"Redis did not answer within {options.Value.Timeout.TotalMilliseconds:0} ms.", exception);
        }
        catch (RedisConnectionException exception)
        {
            error = "unavailable";
            throw new RedisUnavailableException("Redis cannot be reached.", exception);
        }
        catch (RedisServerException exception)
        {
            error = "refused";
            if (NotNow.Contains(exception.Message.Split(' ', 2)[0]))
            {
                throw new RedisUnavailableException($"Redis does not serve now: {exception.Message}", exception);
            }

            throw;
        }
        finally
        {
            metrics.Called(name, clock.GetElapsedTime(started), error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer is not null)
        {
            await _multiplexer.DisposeAsync();
        }

        _connecting.Dispose();
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            if (_multiplexer is null)
            {
                var settings = ConfigurationOptions.Parse(options.Value.ConnectionString);
                settings.AbortOnConnectFail = false;
                settings.AllowAdmin = true; // The gateway reads CONFIG to check that the till's Redis persists nothing.
                settings.BacklogPolicy = BacklogPolicy.FailFast;
                settings.ConnectTimeout = 1000;
                settings.ReconnectRetryPolicy = new LinearRetry(200);
                settings.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
                _multiplexer = await ConnectionMultiplexer.ConnectAsync(settings);
            }

            return _multiplexer;
        }
        finally
        {
            _connecting.Release();
        }
    }
}

/// <summary>Registers Redis.</summary>
public static class RedisExtensions
{
    /// <summary>Registers <see cref="RedisConnection"/> from section <c>Redis</c> and makes readiness depend on it.</summary>
    public static WebApplicationBuilder AddRedis(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<RedisOptions>, RedisOptionsValidator>();
        builder.Services.AddOptions<RedisOptions>().Bind(builder.Configuration.GetSection(RedisOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<RedisMetrics>();
        builder.Services.AddSingleton<RedisConnection>();
        builder.Services.AddHealthChecks().AddCheck<RedisHealth>("redis", tags: ["ready"]);
        return builder;
    }

    private sealed class RedisHealth(RedisConnection redis) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await redis.CallAsync(new RedisCall("PING"), db => db.PingAsync(), cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (RedisUnavailableException exception)
            {
                return HealthCheckResult.Unhealthy("Redis does not answer.", exception);
            }
        }
    }
}
