using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tollgate.Gateway.Journal;

/// <summary>
/// The journal's background: recovers at the start, brings records to disk, prepares segments, marks what is shipped and settled, deletes
/// what is old. None of it ever runs on a request's path.
/// </summary>
internal sealed partial class JournalKeeper(
    JournalFile journal, JournalRecovery recovery, RequestJournal requests, ShippedState shipped, TimeProvider clock,
    ILogger<JournalKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan MarkEvery = TimeSpan.FromMilliseconds(500);
    private const long MarkStep = 1024;
    private JournalMark _written = JournalMark.None;
    private long _lastMark;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        recovery.Recover();
        await base.StartAsync(cancellationToken);
    }

    /// <summary>One turn: everything that is due now.</summary>
    public void RunOnce()
    {
        var prepared = journal.PrepareAhead();
        journal.Sync();
        if (prepared && clock.GetElapsedTime(_lastMark) >= MarkEvery)
        {
            _lastMark = clock.GetTimestamp();
            Mark();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Mark(always: true);
        journal.Sync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(journal.SyncEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                TryRunOnce();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private void TryRunOnce()
    {
        try
        {
            RunOnce();
        }
        catch (IOException exception)
        {
            Log.NotKept(logger, exception);
        }
    }

    private void Mark(bool always = false)
    {
        var settled = requests.SettledTo();
        var (cursor, database) = shipped.Read();
        if (always || database != _written.Database || Moved(cursor, _written.Shipped) || Moved(settled, _written.Settled))
        {
            _written = new JournalMark(cursor, settled, database);
            _written.AppendTo(journal);
            journal.DeleteOld(Math.Min(cursor, settled));
        }
    }

    /// <summary>A mark moves the journal's end by itself; that alone is no reason for another one.</summary>
    private static bool Moved(long now, long then) =>
        now < then || now - then > MarkStep || JournalPosition.Segment(now) != JournalPosition.Segment(then);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The journal could not be brought to disk.")]
        public static partial void NotKept(ILogger logger, Exception exception);
    }
}
