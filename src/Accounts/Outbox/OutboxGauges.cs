using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Telemetry;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.Outbox;

/// <summary>
/// Reads what the gauges of the outbox show. A scrape must not wait for the database. Every instance of Accounts shows the same figures.
/// </summary>
internal sealed partial class OutboxGauges(
    IServiceScopeFactory scopes, AccountsMetrics metrics, TimeProvider clock, ILogger<OutboxGauges> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(15)), clock, logger)
{
    protected override string Failure => "The outbox cannot be counted";

    /// <summary>One look at the table.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        var now = Clock.GetUtcNow();
        var found = await db.Outbox.GroupBy(message => message.Kind)
            .Select(kind => new { Kind = kind.Key, Count = kind.LongCount(), Oldest = kind.Min(message => message.CreatedAt) })
            .ToDictionaryAsync(kind => kind.Kind, cancellationToken);
        metrics.OutboxSeen([.. Enum.GetValues<OutboxKind>().Select(kind => found.TryGetValue(kind, out var waiting)
            ? new WaitingMessages(kind.MetricName(), waiting.Count, now - waiting.Oldest)
            : new WaitingMessages(kind.MetricName(), 0, TimeSpan.Zero))]);
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        LogFailed(logger, reason); // The figures stay as they were until the database answers.
        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "The outbox cannot be counted for its metrics: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
