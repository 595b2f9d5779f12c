using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Catalogue;

public sealed class SnapshotFollowerTests
{
    [Fact]
    public async Task An_outage_of_the_source_is_logged_when_it_begins_and_when_it_ends()
    {
        var clock = new FakeTimeProvider();
        using var source = new Source { IsAway = true };
        var log = new Lines();
        using var follower = new Follower(source, clock, log);

        await follower.StartAsync(default);
        for (var tries = 1; tries <= 5; tries++)
        {
            await Until.TrueAsync(() => source.Asked >= tries, "another try");
            source.IsAway = tries < 5;
            await AdvanceUntilAsync(clock, () => source.Asked > tries);
        }

        await follower.WaitForFirstAsync(default);
        await Until.TrueAsync(() => log.Texts.Count == 2, "both lines");
        await follower.StopAsync(default);

        Assert.Contains("cannot be fetched", log.Texts.First(), StringComparison.Ordinal);
        Assert.Contains("over after", log.Texts.Last(), StringComparison.Ordinal);
    }

    private static Task AdvanceUntilAsync(FakeTimeProvider clock, Func<bool> reached) => Until.TrueAsync(
        () =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(500));
            return reached();
        },
        "the pause is over");

    private sealed class Follower(Source source, TimeProvider clock, ILogger logger)
        : SnapshotFollower<WorkerDirectory>(
            "/snapshot", copy: null, () => new HttpClient(source, disposeHandler: false) { BaseAddress = new Uri("http://source") },
            ContractsJson.Default.WorkerDirectory, clock, logger);

    private sealed class Source : HttpMessageHandler
    {
        private int _asked;

        public bool IsAway { get; set; }

        public int Asked => Volatile.Read(ref _asked);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            if (IsAway)
            {
                throw new HttpRequestException("away");
            }

            if (request.Headers.IfNoneMatch.Count > 0)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken); // Nothing changes any more.
            }

            return new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent("""{"workers":[]}""", Encoding.UTF8, "application/json"),
                Headers = { ETag = new System.Net.Http.Headers.EntityTagHeaderValue("\"1\"") },
            };
        }
    }

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> Texts { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Enqueue(formatter(state, exception));
    }
}
