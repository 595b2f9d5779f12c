using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>Section <c>Redis</c>.</summary>
public sealed class RedisOptions
{
    public const string Section = "Redis";

    /// <summary>StackExchange.Redis form, such as <c>127.0.0.1:6379,password=…</c>.</summary>
    [Required]
    public string ConnectionString { get; init; } = "";

    /// <summary>How long one call may take before it counts as failed with an unknown outcome. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:00:05")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(250);
}

[OptionsValidator]
internal sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;

/// <summary>Redis did not answer in time or at all. The outcome of the call is unknown.</summary>
public sealed class RedisUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The one way to Redis: every call ends within <see cref="RedisOptions.Timeout"/>, and while the connection is down calls fail at once.
/// The connection is made on first use and comes back by itself. Thread-safe.
/// </summary>
public sealed class RedisConnection(IOptions<RedisOptions> options, TimeProvider clock) : IAsyncDisposable
{
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private ConnectionMultiplexer? _multiplexer;

    /// <summary>Runs <paramref name="call"/> within the time limit.</summary>
    /// <exception cref="RedisUnavailableException">No answer in time, or no connection.</exception>
    /// <exception cref="RedisServerException">Redis answered with an error.</exception>
    public Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken = default) =>
        RunAsync(multiplexer => call(multiplexer.GetDatabase()), cancellationToken);

    /// <summary>Runs <paramref name="call"/> on one server, for what is not said of a key.</summary>
    /// <param name="server">From <see cref="ListServersAsync"/>.</param>
    /// <exception cref="RedisUnavailableException">No answer in time, or no connection.</exception>
    /// <exception cref="RedisServerException">Redis answered with an error.</exception>
    public Task<T> CallAsync<T>(IServer server, Func<IServer, Task<T>> call, CancellationToken cancellationToken = default) =>
        RunAsync(_ => call(server), cancellationToken);

    /// <summary>All servers: one, or every node of a Redis Cluster.</summary>
    /// <exception cref="RedisUnavailableException">One of them cannot be reached.</exception>
    public Task<IReadOnlyList<IServer>> ListServersAsync(CancellationToken cancellationToken = default) =>
        RunAsync<IReadOnlyList<IServer>>(
            async multiplexer =>
            {
                await multiplexer.GetDatabase().PingAsync(); // Before the first answer it is not known which there are.
                var servers = multiplexer.GetServers();
                return servers.FirstOrDefault(server => !server.IsConnected) is { } away
                    ? throw new RedisUnavailableException($"Redis cannot be reached at {away.EndPoint}.")
                    : servers;
            },
            cancellationToken);

    private async Task<T> RunAsync<T>(Func<ConnectionMultiplexer, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            var multiplexer = _multiplexer ?? await ConnectAsync(cancellationToken);
            return await call(multiplexer).WaitAsync(options.Value.Timeout, clock, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new RedisUnavailableException($"Redis did not answer within {options.Value.Timeout.TotalMilliseconds:0} ms.", exception);
        }
        catch (RedisConnectionException exception)
        {
            throw new RedisUnavailableException("Redis cannot be reached.", exception);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("LOADING", StringComparison.Ordinal))
        {
            throw new RedisUnavailableException("Redis is loading.", exception);
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
                settings.AllowAdmin = true; // The gateway reads CONFIG: the till's Redis must keep nothing.
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
                await redis.CallAsync(db => db.PingAsync(), cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (RedisUnavailableException exception)
            {
                return HealthCheckResult.Unhealthy("Redis does not answer.", exception);
            }
        }
    }
}
