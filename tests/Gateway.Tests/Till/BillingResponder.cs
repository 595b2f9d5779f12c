using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Till;

/// <summary>
/// Answers as Billing does, over real HTTP: wallets with one open epoch each, leases out of them, journals with cursors, usage rows by
/// primary key. What older epochs held stays held, as before a fence.
/// </summary>
public sealed class BillingResponder : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Wallet> _wallets = [];
    private readonly Dictionary<Guid, Journal> _journals = [];
    private readonly Dictionary<Guid, UsageEvent> _rows = [];

    private BillingResponder(WebApplication app) => _app = app;

    public string Url => _app.Url(ListenerKind.Internal);

    /// <summary>Smallest lease, nano-dollars.</summary>
    public long SmallestLease { get; set; } = 1_000_000;

    /// <summary>While true every question is answered with 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>Given with each new epoch.</summary>
    public IReadOnlyList<BucketSeed> BucketSeeds { get; set; } = [];

    /// <summary>Given with each new epoch.</summary>
    public IReadOnlyList<BudgetSeed> BudgetSeeds { get; set; } = [];

    /// <summary>What gateways said of the tills for which they asked.</summary>
    public TillFigures? LastFigures { get; private set; }

    public string Database { get; set; } = "1/1";

    /// <summary>The value of <see cref="DatabaseHeader"/> of each answer; empty for none.</summary>
    public string NewestBeat { get; set; } = "";

    /// <summary>The value that the last request had; empty for none.</summary>
    public string ShownBeat { get; private set; } = "";

    public IReadOnlyList<EpochFence> PendingFences { get; set; } = [];

    public IReadOnlyList<EpochFence> Acknowledged { get; private set; } = [];

    /// <summary>Told until a gateway says that it is done.</summary>
    public IReadOnlyList<ExactBudgets> Reclaims { get; set; } = [];

    public int LeasesAsked { get; private set; }

    public int BatchesTaken { get; private set; }

    public int BatchesAsked { get; private set; }

    public int Duplicates { get; private set; }

    /// <summary>Whether each batch began where the one before it in its journal ended.</summary>
    public bool IsUnbroken { get; private set; } = true;

    public IReadOnlyList<UsageEvent> Rows
    {
        get
        {
            lock (_lock)
            {
                return [.. _rows.Values];
            }
        }
    }

    public static async Task<BillingResponder> StartAsync()
    {
        var builder = PlatformHost.CreateBuilder(
            [TestBearers.Argument("billing"), "--Listen:Internal=http://127.0.0.1:0"],
            typeof(BillingResponder).Assembly);
        builder.AddServiceDefaults();
        var app = builder.Build();
        var responder = new BillingResponder(app);
        var routes = app.MapInternal("/internal", "gateway");
        routes.AddEndpointFilter((context, next) =>
        {
            responder.ShownBeat = context.HttpContext.Request.Headers[DatabaseHeader.Name].ToString();
            if (responder.NewestBeat.Length > 0)
            {
                context.HttpContext.Response.Headers[DatabaseHeader.Name] = responder.NewestBeat;
            }

            return next(context);
        });
        routes.MapPost("/leases", responder.LeaseAsync);
        routes.MapPost("/journals", responder.RegisterAsync);
        routes.MapDelete("/journals/{id:guid}", responder.Deregister);
        routes.MapPost("/usage", responder.BookAsync);
        await app.StartAsync();
        return responder;
    }

    public void SetWallet(Guid organizationId, long availableNanoUsd, long epoch = 0)
    {
        lock (_lock)
        {
            _wallets[organizationId] = new Wallet { Available = availableNanoUsd, Epoch = epoch };
        }
    }

    public long Available(Guid organizationId)
    {
        lock (_lock)
        {
            return _wallets[organizationId].Available;
        }
    }

    public long? Cursor(Guid journalId)
    {
        lock (_lock)
        {
            return _journals.TryGetValue(journalId, out var journal) ? journal.Cursor : null;
        }
    }

    public bool IsRegistered(Guid journalId)
    {
        lock (_lock)
        {
            return _journals.TryGetValue(journalId, out var journal) && journal.Registered;
        }
    }

    /// <summary>As a database restored from a backup: the cursor and the rows of lately are gone.</summary>
    public void Restore(string database)
    {
        lock (_lock)
        {
            Database = database;
            _rows.Clear();
            foreach (var journal in _journals.Values)
            {
                journal.Cursor = 0;
            }
        }
    }

    public void SetBoot(Guid journalId, long boot, long cursor = 0)
    {
        lock (_lock)
        {
            _journals[journalId] = new Journal { Boot = boot, Cursor = cursor };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<IResult> LeaseAsync(HttpRequest http)
    {
        var request = (await http.ReadFromJsonAsync(ContractsJson.Default.LeaseRequest))!;
        lock (_lock)
        {
            LeasesAsked += request.OrganizationId == Guid.Empty ? 0 : 1; // Nobody's: the rehearsal of a start.
            LastFigures = request.Till;
            return IsAway ? TypedResults.StatusCode(503) : TypedResults.Json(Lease(request), ContractsJson.Default.Lease);
        }
    }

    private Lease Lease(LeaseRequest request)
    {
        if (!_wallets.TryGetValue(request.OrganizationId, out var wallet))
        {
            return new Lease(LeaseOutcome.NoWallet, 0, 0, [], 1000);
        }

        if (request.Epoch is { } epoch && epoch != wallet.Epoch)
        {
            return new Lease(LeaseOutcome.EpochClosed, wallet.Epoch, 0, [], 0);
        }

        if (request.Epoch is null)
        {
            (wallet.Epoch, wallet.Granted) = (wallet.Epoch + 1, 0);
        }

        var amount = Math.Min(Math.Max(request.NeedNanoUsd, SmallestLease), wallet.Available);
        wallet.Available -= amount;
        wallet.Granted += amount;
        var outcome = amount >= Math.Max(1, request.NeedNanoUsd) ? LeaseOutcome.Granted : LeaseOutcome.Exhausted;
        return new Lease(outcome, wallet.Epoch, wallet.Granted, request.Epoch is null ? BudgetSeeds : [], 0)
        {
            Buckets = request.Epoch is null ? BucketSeeds : [],
        };
    }

    private async Task<IResult> RegisterAsync(HttpRequest http)
    {
        var request = (await http.ReadFromJsonAsync(ContractsJson.Default.RegisterJournal))!;
        lock (_lock)
        {
            if (IsAway)
            {
                return TypedResults.StatusCode(503);
            }

            if (!_journals.TryGetValue(request.JournalId, out var journal))
            {
                _journals.Add(request.JournalId, journal = new Journal());
            }

            if (request.Boot < journal.Boot || (request.Boot == journal.Boot && journal.Boot > 0 && !journal.Registered))
            {
                return TypedResults.Conflict();
            }

            (journal.Boot, journal.Registered) = (request.Boot, true);
            return TypedResults.Json(new JournalRegistered(journal.Cursor, Database), ContractsJson.Default.JournalRegistered);
        }
    }

    private NoContent Deregister(Guid id)
    {
        lock (_lock)
        {
            _journals[id].Registered = false;
            return TypedResults.NoContent();
        }
    }

    private async Task<IResult> BookAsync(HttpRequest http)
    {
        using var body = new MemoryStream();
        await http.Body.CopyToAsync(body);
        var batch = UsageBatchFormat.Read(body.ToArray());
        lock (_lock)
        {
            BatchesAsked++;
            if (IsAway)
            {
                return TypedResults.StatusCode(503);
            }

            if (!_journals.TryGetValue(batch.JournalId, out var journal) || batch.Boot < journal.Boot)
            {
                return TypedResults.Conflict();
            }

            var inserted = batch.Events.Count(row => _rows.TryAdd(row.RequestId, row));
            Duplicates += batch.Events.Count - inserted;
            BatchesTaken++;
            IsUnbroken &= batch.From == journal.Cursor && batch.To >= batch.From;
            journal.Cursor = batch.To;
            Acknowledged = [.. Acknowledged, .. batch.Fences];
            Reclaims = [.. Reclaims.Where(exact => !batch.Lowered.Contains(exact.Reclaim))];
            return TypedResults.Json(
                new UsageBooked(batch.To, inserted, batch.Events.Count - inserted, 0, PendingFences, Database) { Reclaims = Reclaims },
                    ContractsJson.Default.UsageBooked);
        }
    }

    private sealed class Wallet
    {
        public long Available { get; set; }

        public long Epoch { get; set; }

        public long Granted { get; set; }
    }

    private sealed class Journal
    {
        public long Boot { get; set; }

        public long Cursor { get; set; }

        public bool Registered { get; set; }
    }
}
