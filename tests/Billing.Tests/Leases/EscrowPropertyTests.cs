using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Leases;

/// <summary>
/// Three gateways share a till that is wiped at any moment, ship late, twice or not at all for a while, and acknowledge fences when it is
/// true. Whatever the order: what the tills spent is at most what was paid in, and all of it is billed.
/// </summary>
public sealed class EscrowPropertyTests
{
    private const int Steps = 70;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public async Task Spent_is_at_most_paid_in_whatever_the_order(int seed)
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var world = new World(own, seed);
        await world.StartAsync();

        for (var step = 0; step < Steps; step++)
        {
            await world.StepAsync();
            await world.CheckAsync($"seed {seed}, step {step}");
        }

        await world.FinishAsync($"seed {seed}");
        await own.DisposeAsync();
    }

    private sealed class World(BillingFixture own, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<Gateway> _gateways = [new(), new(), new()];
        private readonly LeaseDesk _desk = own.App.Services.GetRequiredService<LeaseDesk>();
        private readonly UsageIngest _ingest = own.App.Services.GetRequiredService<UsageIngest>();
        private Guid _organization;
        private decimal _paid;
        private decimal _spent;
        private Till? _till;

        public async Task StartAsync()
        {
            _paid = 2;
            _organization = await own.OpenWalletAsync(_paid);
            foreach (var gateway in _gateways)
            {
                await own.App.Services.GetRequiredService<Journals>()
                    .RegisterAsync(new RegisterJournal(gateway.Journal, 1, "gateway"), default);
            }
        }

        public Task StepAsync() => _random.Next(10) switch
        {
            0 => WipeAsync(),
            1 or 2 => LeaseAsync(),
            3 => TopUpAsync(),
            4 => Task.WhenAll(LeaseAsync(), ShipAsync(Any(), twice: false)),
            5 or 6 => ShipAsync(Any(), twice: _random.Next(3) == 0),
            _ => SpendAsync(),
        };

        public async Task CheckAsync(string where)
        {
            var (balance, leased) = (await ReadAsync("balance"), await ReadAsync("leased"));
            var open = await own.ReadAsync<decimal>(
                "select coalesce(sum(granted - billed - returned), 0) from lease_epochs where organization_id = $1", _organization);
            var billed = await own.ReadAsync<decimal>("select coalesce(sum(amount), 0) from usage_events where organization_id = $1",
                _organization);
            Assert.True(_spent <= _paid, $"{where}: spent {_spent} of {_paid}");
            Assert.True(open + billed <= _paid, $"{where}: open {open} and billed {billed} of {_paid}");
            Assert.Equal((_paid - billed, open), (balance, leased));
        }

        public async Task FinishAsync(string where)
        {
            foreach (var gateway in _gateways)
            {
                await ShipAsync(gateway, twice: true);
                await ShipAsync(gateway, twice: false);
            }

            await own.App.Services.GetRequiredService<FenceReclaim>().RunOnceAsync(default);
            await CheckAsync(where);
            Assert.Equal(_paid - _spent, await ReadAsync("balance"));
            Assert.Equal(
                0, await own.ReadAsync<long>("select count(*) from ledger_accounts where account = 'operator_loss'"));
            Assert.Equal(
                0, await own.ReadAsync<long>(
                    "select count(*) from lease_epochs e join wallets w using (organization_id) "
                    + "where e.epoch < w.epoch and e.closed_at is null"));
        }

        private Task WipeAsync()
        {
            _till = null;
            return Task.CompletedTask;
        }

        private async Task LeaseAsync()
        {
            var lease = await _desk.AskAsync(
                new LeaseRequest(_organization, _till?.Epoch, _random.Next(1, 300) * 1_000_000L, _random.Next(200) * 1_000_000L), default);
            if (lease.Epoch > 0 && lease.Outcome != LeaseOutcome.EpochClosed && (_till is null || _till.Epoch <= lease.Epoch))
            {
                var spent = _till is { } till && till.Epoch == lease.Epoch ? till.Spent : 0;
                _till = new Till(lease.Epoch, lease.GrantedNanoUsd / 1_000_000_000m, spent);
            }
        }

        private async Task TopUpAsync()
        {
            if (_random.Next(4) == 0)
            {
                await own.CreditAsync(_organization, 0.25m);
                _paid += 0.25m;
            }
        }

        private Task SpendAsync()
        {
            var output = _random.Next(1, 100_000);
            var cost = output * 0.0000015m;
            if (_till is { } till && till.Spent + cost <= till.Granted)
            {
                _till = till with { Spent = till.Spent + cost };
                _spent += cost;
                Any().Unshipped.Add(BillingFixture.Usage(_organization, till.Epoch, 0, output));
            }

            return Task.CompletedTask;
        }

        private async Task ShipAsync(Gateway gateway, bool twice)
        {
            List<UsageEvent> events = [.. gateway.Unshipped.OrderBy(_ => _random.Next())];
            // All of it leaves with this batch, so whatever is pending is true once the batch is booked.
            var booked = await _ingest.BookAsync(new UsageBatch(gateway.Journal, 1, 0, 0, events, gateway.Pending), default);
            gateway.Pending = [.. booked!.PendingFences.Where(fence => _till is null || _till.Epoch >= fence.Epoch)];
            if (twice)
            {
                await _ingest.BookAsync(new UsageBatch(gateway.Journal, 1, 0, 0, events, []), default);
            }

            gateway.Unshipped.Clear();
        }

        private Gateway Any() => _gateways[_random.Next(_gateways.Count)];

        private Task<decimal> ReadAsync(string column) =>
            own.ReadAsync<decimal>($"select {column} from wallets where organization_id = $1", _organization);

        private sealed record Till(long Epoch, decimal Granted, decimal Spent);

        private sealed class Gateway
        {
            public Guid Journal { get; } = Guid.NewGuid();

            public List<UsageEvent> Unshipped { get; } = [];

            public IReadOnlyList<EpochFence> Pending { get; set; } = [];
        }
    }
}
