using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Shipping;

/// <summary>
/// Ships what the journal says has ended to Billing, in the journal's order, and moves the cursor behind it: never past a request that
/// still runs. Billing's absence costs nothing but room in the journal. One loop; its steps are methods that a test can call. While Billing
/// books a full batch the next one is read; it is sent when the answer has come, so that the cursor never passes what is not booked.
/// </summary>
internal sealed partial class Shipper(
    JournalFile journal, ShippedState shipped, BillingIngest billing, LeaseKeeper leases, TimeProvider clock, ILogger<Shipper> logger)
    : BackgroundService
{
    /// <summary>Most events in one batch.</summary>
    internal const int MostEvents = 5_000;

    private static readonly TimeSpan ShipEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SpeakEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);

    private readonly RepeatedCondition _waits = new("Usage waits for Billing", clock);
    private JournalReader? _reader; // Null until Billing has registered this journal.
    private RequestFold _fold = new();
    private ReadBatch? _unanswered;
    private ReadBatch? _ahead; // Read while the one before it was on its way.
    private readonly HashSet<EpochFence> _closedTills = [];
    private IReadOnlyList<EpochFence> _pendingFences = [];
    private readonly HashSet<EpochReclaim> _lowered = []; // Done, and not yet answered to.
    private string _database = ""; // The one that answered last.
    private long? _shipAgainTo;
    private long _lastSpoken;

    /// <summary>Registers if need be and ships one batch. True when more may lie ready.</summary>
    /// <exception cref="HttpRequestException">Billing is away; the same batch is sent again next time.</exception>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (_reader is null && !await RegisterAsync(cancellationToken))
        {
            return true; // A new identity: register that one.
        }

        await CloseFencedTillsAsync(cancellationToken);
        var isOfNow = _unanswered is null;
        var read = _unanswered ??= Next(shipped.Read().Cursor, acknowledges: true);
        var batch = read.Batch;
        if (batch.Events.Count == 0 && batch.Fences.Count == 0 && clock.GetElapsedTime(_lastSpoken) < SpeakEvery)
        {
            _unanswered = null;
            return !isOfNow;
        }

        var answer = billing.BookAsync(read.Bytes, cancellationToken);
        _ahead ??= batch.Events.Count == MostEvents ? Next(batch.To, acknowledges: false) : null;
        var booked = await answer;
        (_unanswered, _ahead) = (_ahead, null);
        _lastSpoken = clock.GetTimestamp();
        if (booked is null)
        {
            StartAnew();
            return true;
        }

        Take(read, booked);
        await LowerBudgetsAsync(booked.Reclaims, cancellationToken);
        return batch.Events.Count == MostEvents || !isOfNow; // More may have ended since that one was read.
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(LongestDrain, clock);
        try
        {
            _lastSpoken = 0;
            while (await RunOnceAsync(limit.Token))
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var more = await RunOnceAsync(stoppingToken);
                _waits.Ends(logger);
                if (!more)
                {
                    await Task.Delay(ShipEvery, clock, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A shipper that dies stops billing for everyone; the batch stays and is sent again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (_waits.Begins(exception.Message))
                {
                    Log.NotShipped(logger, exception.Message);
                }

                await Task.Delay(RetryDelay, clock, stoppingToken);
            }
        }
    }

    /// <summary>False when the journal had to take a new identity first.</summary>
    private async Task<bool> RegisterAsync(CancellationToken cancellationToken)
    {
        var registered = await billing.RegisterAsync(new RegisterJournal(journal.Id, journal.Boot, journal.GatewayId), cancellationToken);
        // What Billing booked at the first time of asking came from earlier starts: a cursor beyond theirs is not this folder's.
        if (registered is null || registered.Cursor > (_database.Length == 0 ? journal.Began : journal.End))
        {
            StartAnew(); // This folder is an older copy: its positions mean something else to Billing.
            return false;
        }

        // The cursor of a restored database may have been moved by a batch of ours that came
        // before either side knew: all that is kept goes again.
        var known = shipped.Read().Database;
        var from = registered.Cursor;
        _database = registered.Database;
        if (known.Length > 0 && known != registered.Database)
        {
            from = 0;
            ShipAgain();
        }

        shipped.Set(from, DatabaseToRemember());
        (_reader, _fold) = (new JournalReader(journal, Math.Max(from, journal.Beginning)), new RequestFold());
        (_unanswered, _ahead) = (null, null);
        Log.Registered(logger, journal.Id, journal.Boot, from);
        return true;
    }

    private async Task CloseFencedTillsAsync(CancellationToken cancellationToken)
    {
        _closedTills.IntersectWith(_pendingFences);
        foreach (var fence in _pendingFences.Where(fence => !_closedTills.Contains(fence)))
        {
            try
            {
                await leases.FenceAsync(fence.OrganizationId, fence.Epoch, cancellationToken);
                _closedTills.Add(fence);
            }
            catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
            {
                Log.FenceWaits(logger, exception.Message);
                return; // Usage does not wait for it.
            }
        }
    }

    private async Task LowerBudgetsAsync(IReadOnlyList<ExactBudgets> told, CancellationToken cancellationToken)
    {
        _lowered.IntersectWith(told.Select(exact => exact.Reclaim));
        foreach (var exact in told.Where(exact => !_lowered.Contains(exact.Reclaim)))
        {
            try
            {
                if (await leases.LowerBudgetsAsync(exact, cancellationToken))
                {
                    _lowered.Add(exact.Reclaim);
                }
            }
            catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
            {
                Log.BudgetsWait(logger, exception.Message);
                return; // It is told again.
            }
        }
    }

    /// <summary>Reads on. Only what is read when no other batch is on its way may acknowledge fences: it knows which tills are closed.</summary>
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

        // Before the journal's end may lie a request of an older epoch. What was opened after it came to a till that was closed before.
        var fences = caughtUp && acknowledges ? _closedTills.Where(fence => !_fold.HasOlder(fence.OrganizationId, fence.Epoch)).ToArray() : [];
        var to = Math.Max(from, _fold.LowWater(_reader!.Position));
        var batch = new UsageBatch(journal.Id, journal.Boot, from, to, events, fences) { Lowered = [.. _lowered] };
        return new ReadBatch(batch, UsageBatchFormat.Write(batch), _reader.Position);
    }

    private void Take(ReadBatch read, UsageBooked booked)
    {
        if (booked.Database != _database)
        {
            ShipAgain();
            _reader = null; // Registering anew tells from where.
            return;
        }

        _pendingFences = booked.PendingFences;
        if (_shipAgainTo <= read.End)
        {
            _shipAgainTo = null;
            leases.Gate.Open();
            Log.ShippedAgain(logger);
        }

        shipped.Set(read.Batch.To, DatabaseToRemember());
    }

    /// <summary>A database that was not yet told everything is not remembered: the next start must notice it too.</summary>
    private string DatabaseToRemember() => _shipAgainTo is null ? _database : shipped.Read().Database;

    /// <summary>Another database answers: it may lack what the last one booked. No money is taken until it was told everything.</summary>
    private void ShipAgain()
    {
        leases.Gate.Close();
        _shipAgainTo = journal.End;
        Log.DatabaseChanged(logger);
    }

    private void StartAnew()
    {
        var old = journal.Id;
        journal.StartAnew();
        shipped.Set(0, shipped.Read().Database);
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
            "Billing knows more of journal {Old} than this folder does; it goes on as {New} and ships all again.")]
        public static partial void StartedAnew(ILogger logger, Guid old, Guid @new);

        [LoggerMessage(7, LogLevel.Information, "A till cannot be closed for its fence yet: {Reason}")]
        public static partial void FenceWaits(ILogger logger, string reason);

        [LoggerMessage(8, LogLevel.Information, "Budgets cannot be lowered yet by what older epochs gave back: {Reason}")]
        public static partial void BudgetsWait(ILogger logger, string reason);

        [LoggerMessage(6, LogLevel.Warning, "Stopped with usage unshipped; the next start ships it: {Reason}")]
        public static partial void NotDrained(ILogger logger, string reason);
    }
}
