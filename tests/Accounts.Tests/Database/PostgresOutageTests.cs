using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Tollgate.Contracts.Keys;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Tests.Database;

public sealed class PostgresOutageTests
{
    [Fact]
    public async Task Requests_get_503_and_the_log_no_stack_while_Postgres_is_away()
    {
        var nobody = $"Host=127.0.0.1;Port={FreePort.Next()};Username=accounts;Database=tollgate;Timeout=2";
        await using var host = await AccountsHost.StartAsync(null, $"--Postgres:ConnectionString={nobody}");
        using var log = new KeptLog();
        host.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        using var gateway = host.ClientAs("gateway");
        using var browser = host.Browse();

        using var resolved = await gateway.PostAsJsonAsync("/internal/keys/resolve", new ResolveKey("0123456789ab"));
        var signIn = await browser.OpenAsync("/sign-in"); // Its token is sealed under a key that lies in Postgres.

        Assert.Equal(HttpStatusCode.ServiceUnavailable, resolved.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), resolved.Headers.RetryAfter!.Delta);
        Assert.DoesNotContain("Npgsql", await resolved.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, signIn.Status);
        Assert.Equal("1", signIn.Headers["Retry-After"]);
        Assert.Contains(log.Lines, line => line.Text.StartsWith("Postgres does not answer; 1 requests", StringComparison.Ordinal));
        Assert.All(log.Lines.Where(line => line.Level >= LogLevel.Error), line => Assert.Null(line.Exception));
    }

    [Fact]
    public async Task TryHandleAsync_writes_one_line_a_second_with_the_number_refused_since()
    {
        var clock = new FakeTimeProvider();
        using var log = new KeptLog();
        await using var services = new ServiceCollection().AddProblemDetails().AddLogging(logging => logging.AddProvider(log))
            .BuildServiceProvider();
        var outage = new PostgresOutage(
            services.GetRequiredService<IProblemDetailsService>(), clock, services.GetRequiredService<ILogger<PostgresOutage>>());
        var away = new InvalidOperationException("EF", new NpgsqlException("away", new IOException("connection refused")));

        for (var i = 0; i < 5; i++)
        {
            Assert.True(await outage.TryHandleAsync(new DefaultHttpContext { RequestServices = services }, away, CancellationToken.None));
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await outage.TryHandleAsync(new DefaultHttpContext { RequestServices = services }, away, CancellationToken.None);
        var foreign = await outage.TryHandleAsync(
            new DefaultHttpContext { RequestServices = services }, new NpgsqlException("syntax"), CancellationToken.None);

        Assert.False(foreign);
        Assert.Equal(
            [
                "Postgres does not answer; 1 requests were refused since the last such line. connection refused",
                "Postgres does not answer; 5 requests were refused since the last such line. connection refused",
            ],
            log.Lines.Select(line => line.Text));
    }

    private sealed record LogLine(LogLevel Level, string Text, Exception? Exception);

    /// <summary>Keeps every line.</summary>
    private sealed class KeptLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<LogLine> _lines = new();

        public IReadOnlyCollection<LogLine> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(new LogLine(logLevel, formatter(state, exception), exception));

        public void Dispose()
        {
        }
    }
}
