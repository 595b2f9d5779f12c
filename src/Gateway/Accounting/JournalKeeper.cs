using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Journal;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Accounting;

/// <summary>
/// The journal's background: recovers at the start, brings records to disk, prepares segments, marks what is shipped and settled, deletes
/// what is old. None of it ever runs on a request's path.
/// </summary>
internal sealed partial class JournalKeeper(
    JournalFile journal, JournalRecovery recovery, RequestJournal requests, TimeProvider clock, ILogger<JournalKeeper> logger)
    : RecurringWork(new Rhythm(journal.SyncEvery, IsBeat: true, StartsAtOnce: false), clock, logger)
{
    private static readonly TimeSpan MarkEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RememberEvery = TimeSpan.FromSeconds(10); // A mark a second would fill the journal of an idle gateway.
    private const long MarkStep = 1024;
    private JournalMark _written = JournalMark.None;
    private long _lastMark;
    private long _lastWritten;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        recovery.Recover();
        await base.StartAsync(cancellationToken);
    }

    /// <summary>One turn: everything that is due now.</summary>
    public override Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var prepared = journal.PrepareAhead();
        journal.Sync();
        if (prepared && Clock.GetElapsedTime(_lastMark) >= MarkEvery)
        {
            _lastMark = Clock.GetTimestamp();
            Mark();
        }

        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Mark(always: true);
        journal.Sync();
    }

    protected override string Failure => "The journal could not be brought to disk";

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not IOException)
        {
            return false;
        }

        Log.NotKept(logger, exception);
        return true;
    }

    private void Mark(bool always = false)
    {
        var settled = requests.SettledTo();
        var (cursor, database) = journal.Shipped.Read();
        var seen = journal.Shipped.Seen;
        var remembers = seen != _written.Seen && Clock.GetElapsedTime(_lastWritten) >= RememberEvery;
        if (always || remembers || database != _written.Database || Moved(cursor, _written.Shipped) || Moved(settled, _written.Settled))
        {
            _written = new JournalMark(cursor, settled, database, seen);
            _lastWritten = Clock.GetTimestamp();
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
