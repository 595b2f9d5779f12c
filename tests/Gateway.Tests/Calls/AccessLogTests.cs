using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Calls;

public sealed class AccessLogTests
{
    private const string Canary = "canary-7f3a";

    [Fact]
    public async Task Each_request_leaves_one_line_with_nothing_secret_in_it()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var log = new CollectingProvider();
        gateway.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var key = await gateway.CreateKeyAsync();
        var unknown = ApiKeyText.Create();
        gateway.Worker.Script = call => call.AnswerAsync($$"""{"text":"{{Canary}}"}""", new Units(3, Output: 2));

        using var good = GatewayUnderTest.Post(
            key, "/v1/chat/completions",
            $$"""{"model":"tiny-assistant","messages":[{"role":"user","content":"{{Canary}}"}],"user":"{{Canary}}"}""");
        good.Headers.Add("X-Client-Request-Id", "trace-42");
        using var answer = await gateway.Http.SendAsync(good);
        using var malformed = await gateway.PostAsync(key, "/v1/chat/completions", $$"""{"model":"{{Canary}}","messages":{{Canary}}""");
        using var noModel = await gateway.PostAsync(key, "/v1/embeddings", $$"""{"model":"{{Canary}}","input":"{{Canary}}"}""");
        using var noUrl = await gateway.PostAsync(key, $"/v1/{Canary}/{key.Text}", "");
        using var noKey = GatewayUnderTest.Post(new TestKey(unknown.Text, key.Record), "/v1/completions", "{}");
        noKey.Headers.Add("X-Client-Request-Id", key.Text);
        using var refused = await gateway.Http.SendAsync(noKey);
        using var twoKeys = GatewayUnderTest.Post(key, "/v1/messages", "{}");
        twoKeys.Headers.Add("x-api-key", unknown.Text);
        using var refusedToo = await gateway.Http.SendAsync(twoKeys);

        await Until.TrueAsync(() => log.Lines.Count(line => line.Contains(" ms req_", StringComparison.Ordinal)) == 6, "six lines");
        var line = log.Lines.Single(line => line.Contains(answer.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal));
        Assert.True(Regex.IsMatch(
            line,
            $"^POST chat.completions 200 [0-9.]+ ms req_[0-9a-f]{{32}} key={key.Record.PublicId} model=tiny-assistant class=standard "
            + "streamed=False outcome=Completed units=3,0,2,0,0,0 attempts=1 error=(\\(null\\))? client=trace-42$"), line);
        var secret = key.Text.Split('-')[3];
        Assert.DoesNotContain(log.Lines, text => text.Contains(Canary, StringComparison.Ordinal)
            || text.Contains(secret, StringComparison.Ordinal)
            || text.Contains(unknown.Secret, StringComparison.Ordinal));
    }

    private sealed class CollectingProvider : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
