using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Telemetry;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Shipping;

/// <summary>
/// Ships the requests that the journal closed to Billing, in the journal's order, and moves the cursor behind it: never past a request that
/// still runs. Billing's absence costs nothing but room in the journal. One loop; its steps are methods that a test can call. While
/// Billing books a full batch the next one is read; it is sent when the answer has come, so that the cursor never passes what is not
/// booked.
/// </summary>
internal sealed partial class Shipper(
    JournalFile journal, ForgottenHolds forgotten, BillingIngest billing, TillOrders tills, TimeProvider clock, ILogger<Shipper> logger)
    : RecurringWork(new Rhythm(ShipEvery), clock, logger)
{
    /// <summary>Most events in one batch.</summary>
    internal const int MostEvents = 5_000;

    private static readonly TimeSpan ShipEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SpeakEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);

    private JournalReader? _reader; // Null until Billing has registered this journal.
    private RequestFold _fold = new();
    private ReadBatch? _unanswered;
    private ReadBatch? _ahead; // Read while the one before it was on its way.
    private string _database = ""; // The one that answered last.
    private long? _shipAgainTo;
    private long _lastSpoken;
    private bool _hasMore;

    /// <summary>End of the oldest request in the batch that Billing has not yet acknowledged; null without one. Any thread.</summary>
    public DateTimeOffset? OldestUnshipped => Volatile.Read(ref _unanswered)?.Batch.Events is [var oldest, ..] ? oldest.FinishedAt : null;

    protected override string Failure => "Usage waits for Billing";

    /// <summary>Registers if need be and ships one batch.</summary>
    /// <exception cref="HttpRequestException">Billing is away; the same batch is sent again next time.</exception>
    public override async Task RunOnceAsync(CancellationToken cancellationToken) => _hasMore = await ShipAsync(cancellationToken);

    /// <summary>As <see cref="RunOnceAsync"/>. True when more may lie ready.</summary>
    private async Task<bool> ShipAsync(CancellationToken cancellationToken)
    {
        if (_reader is null && !await RegisterAsync(cancellationToken))
        {
            return true; // A new identity: register that one.
        }

        if (await forgotten.ProveLossAsync(cancellationToken))
        {
            StartAnew();
            return true;
        }

        await tills.CloseFencedTillsAsync(cancellationToken);
        var isOfNow = _unanswered is null;
        var read = _unanswered ??= Next(journal.Shipped.Read().Cursor, acknowledges: true);
        var batch = read.Batch;
        if (batch.Events.Count == 0 && batch.Fences.Count == 0 && Clock.GetElapsedTime(_lastSpoken) < SpeakEvery)
        {
            _unanswered = null;
            return !isOfNow;
        }

        using var span = GatewaySpans.StartShipment(batch.Events.Count);
        var answer = billing.BookAsync(read.Bytes, cancellationToken);
        _ahead ??= batch.Events.Count == MostEvents ? Next(batch.To, acknowledges: false) : null;
        var booked = await answer;
        (_unanswered, _ahead) = (_ahead, null);
        _lastSpoken = Clock.GetTimestamp();
        if (booked is null)
        {
            StartAnew();
            return true;
        }

        Take(read, booked);
        await tills.LowerBudgetsAsync(booked.Reclaims, cancellationToken);
        return batch.Events.Count == MostEvents || !isOfNow; // More may have ended since that one was read.
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(LongestDrain, Clock);
        try
        {
            _lastSpoken = 0;
            while (await ShipAsync(limit.Token))
            {
            }

            if (_fold.Unfinished.Count == 0 && _shipAgainTo is null)
            {
                await billing.DeregisterAsync(journal.Id, journal.Boot, limit.Token);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            Log.NotDrained(logger, exception.Message);
        }
    }

    protected override TimeSpan PauseAfter(bool succeeded) => !succeeded ? RetryDelay : _hasMore ? TimeSpan.Zero : ShipEvery;

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        Log.NotShipped(logger, exception.Message); // Whatever it is, usage waits and is sent again.
        return true;
    }

    /// <summary>False when the journal had to take a new identity first.</summary>
    private async Task<bool> RegisterAsync(CancellationToken cancellationToken)
    {
        var registered = await billing.RegisterAsync(new RegisterJournal(journal.Id, journal.Boot, journal.GatewayId), cancellationToken);
        // On first registration, a cursor past what earlier boots wrote means that this folder is an older copy.
        if (registered is null || registered.Cursor > (_database.Length == 0 ? journal.Began : journal.End))
        {
            StartAnew(); // The positions of an older copy mean something else to Billing.
            return false;
        }

        // The cursor of a restored database may have been moved by a batch of ours that came
        // before either side knew: all that is kept goes again.
        var known = journal.Shipped.Read().Database;
        var from = registered.Cursor;
        _database = registered.Database;
        if (known.Length > 0 && known != registered.Database)
        {
            from = 0;
            ShipAgain();
        }

        journal.Shipped.Set(from, DatabaseToRemember());
        (_reader, _fold) = (new JournalReader(journal, Math.Max(from, journal.Beginning)), new RequestFold());
        (_unanswered, _ahead) = (null, null);
        Log.Registered(logger, journal.Id, journal.Boot, from);
        return true;
    }

    /// <summary>Reads the next batch. Only a batch that is read while no other is on its way may acknowledge fences: it knows which tills
    /// are closed.</summary>
    private ReadBatch Next(long from, bool acknowledges)
    {
        var events = new List<UsageEvent>();
        var caughtUp = false;
        while (events.Count < MostEvents)
        {
            if (!_reader!.Read())
            {
                caughtUp = true;
                break;
            }

            if (_fold.Apply(_reader) is { } finished)
            {
                events.Add(finished.Request.ToEvent(finished.End));
            }
        }

        // Acknowledge a fence only after reading to the end: earlier records may still spend the old epoch. Later ones met a closed till.
        var fences = caughtUp && acknowledges
            ? tills.Closed.Where(fence => !_fold.HasOlder(fence.OrganizationId, fence.Epoch)).ToArray()
            : [];
        var to = Math.Max(from, _fold.LowWater(_reader!.Position));
        var batch = new UsageBatch(journal.Id, journal.Boot, from, to, events, fences) { Lowered = [.. tills.Lowered] };
        return new ReadBatch(batch, UsageBatchFormat.Write(batch), _reader.Position);
    }

    private void Take(ReadBatch read, UsageBooked booked)
    {
        if (booked.Database != _database)
        {
            ShipAgain();
            _reader = null; // Re-registration returns the cursor.
            return;
        }

        tills.PendingFences = booked.PendingFences;
        if (_shipAgainTo <= read.End)
        {
            _shipAgainTo = null;
            tills.ResumeLeasing();
            Log.ShippedAgain(logger);
        }

        journal.Shipped.Set(read.Batch.To, DatabaseToRemember());
    }

    /// <summary>A database that lacks usage is not remembered: the next start must notice it too.</summary>
    private string DatabaseToRemember() => _shipAgainTo is null ? _database : journal.Shipped.Read().Database;

    /// <summary>Another database answers: it may lack what the last one booked. No money is taken until all usage was shipped to
    /// it.</summary>
    private void ShipAgain()
    {
        tills.StopLeasing();
        _shipAgainTo = journal.End;
        Log.DatabaseChanged(logger);
    }

    private void StartAnew()
    {
        var old = journal.Id;
        journal.StartAnew();
        journal.Shipped.Set(0, journal.Shipped.Read().Database);
        _reader = null;
        Log.StartedAnew(logger, old, journal.Id);
    }

    /// <param name="Bytes">The batch as it is sent.</param>
    /// <param name="End">How far the journal was read; the batch's cursor may wait before it for a request that runs.</param>
    private sealed record ReadBatch(UsageBatch Batch, byte[] Bytes, long End);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Usage waits for Billing: {Reason}")]
        public static partial void NotShipped(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "Journal {JournalId}, boot {Boot}, ships from {Cursor}.")]
        public static partial void Registered(ILogger logger, Guid journalId, long boot, long cursor);

        [LoggerMessage(3, LogLevel.Warning,
            "Billing's database was restored or replaced; everything since is shipped again before money is leased.")]
        public static partial void DatabaseChanged(ILogger logger);

        [LoggerMessage(4, LogLevel.Information, "Billing's database knows everything again.")]
        public static partial void ShippedAgain(ILogger logger);

        [LoggerMessage(5, LogLevel.Warning,
            "Billing or Redis knows more of journal {Old} than this folder does; it goes on as {New} and ships all again. Retire {Old}.")]
        public static partial void StartedAnew(ILogger logger, Guid old, Guid @new);

        [LoggerMessage(6, LogLevel.Warning, "Stopped with usage unshipped; the next start ships it: {Reason}")]
        public static partial void NotDrained(ILogger logger, string reason);
    }
}
