using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.ModelVersions;
using Tollgate.Accounts.Tests.Canaries;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.ModelVersions;

/// <summary>A plan whose versions have left all workers.</summary>
public sealed class StandInTests : IDisposable
{
    private static readonly ModelPlanEntry[] Plans =
    [
        new() { Model = "m", Unloaded = false, Versions = [new PlannedVersion("1", 9), new PlannedVersion("2", 1)], ChangedAt = default },
    ];

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 1, 8, 0, 0, TimeSpan.Zero));
    private readonly StandInWatch _watch;

    public StandInTests() => _watch = new StandInWatch(null!, new StandIns(), null!, _clock, NullLogger<StandInWatch>.Instance);

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void The_newest_version_that_is_not_broken_stands_in_once_all_of_the_plan_have_been_missing_for_a_while()
    {
        WorkerLine[] without =
        [
            Served.At("a", Served.Version("m", "3"), Served.Version("m", "10", ModelState.Unloaded)),
            Served.At("b", Served.Version("m", "11", ModelState.Broken, "Cut.")),
        ];

        Assert.Empty(_watch.Choose(Plans, without)!);
        _clock.Advance(StandInWatch.Patience);
        Assert.Equal("10", _watch.Choose(Plans, without)!["m"]);
        Assert.Empty(_watch.Choose(Plans, [.. without, Served.At("c", Served.Version("m", "2", ModelState.Unloaded))])!);
        Assert.Empty(_watch.Choose(Plans, without)!); // It is missed from here on.
    }

    [Fact]
    public void A_worker_that_is_away_may_come_back_with_a_version_of_the_plan()
    {
        WorkerLine[] workers =
        [
            Served.At("a", Served.Version("m", "3")),
            Served.At("b", Served.Version("m", "1")) with { State = WorkerState.Stopped, Since = _clock.GetUtcNow() },
        ];

        Assert.Empty(_watch.Choose(Plans, workers)!);
        _clock.Advance(StandInWatch.ComesBack - TimeSpan.FromSeconds(1));
        Assert.Empty(_watch.Choose(Plans, workers)!);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_watch.Choose(Plans, workers)!);
        _clock.Advance(StandInWatch.Patience);
        Assert.Equal("3", _watch.Choose(Plans, workers)!["m"]);
    }

    [Fact]
    public void Nothing_is_decided_while_a_worker_reads_its_repository()
    {
        var reads = Served.At("b");
        reads = reads with { Status = reads.Status! with { IsReading = true } };

        Assert.Null(_watch.Choose(Plans, [Served.At("a", Served.Version("m", "3")), reads]));
    }

    [Fact]
    public async Task A_removed_version_is_replaced_and_the_operator_reads_it_on_the_page_and_in_the_list()
    {
        await using var host = await AccountsHost.StartAsync();
        Show(host, Served.Version("m", "1"), Served.Version("m", "2"), Served.Version("m", "3"));
        using var set = await host.Operators.PostAsJsonAsync(
            $"{VersionedModel.Path}/m/weights", new SetWeights(new Dictionary<string, int> { ["1"] = 3, ["2"] = 1 }));
        set.EnsureSuccessStatusCode();

        Show(host, Served.Version("m", "2"), Served.Version("m", "3"));
        var halved = await ModelAsync(host);
        Show(host, Served.Version("m", "3"));
        using var browser = await host.BrowseAsOperatorAsync();
        using var gateway = host.ClientAs("gateway");
        var plan = await Until.ValueAsync(
            async () => (await gateway.GetFromJsonAsync(CatalogueSnapshot.Path, ContractsJson.Default.CatalogueSnapshot))!.Plans
                .Single() is { StandIn: not null } one ? one : null,
            "version 3 stands in", TimeSpan.FromSeconds(60));
        var replaced = await ModelAsync(host);
        var page = await browser.OpenAsync("/admin/models/m");
        Show(host, Served.Version("m", "1"), Served.Version("m", "3"));
        await Until.TrueAsync(async () => (await ModelAsync(host)).Plan!.StandIn is null, "the plan is followed again");

        Assert.Equal([("3", 0), ("2", 1.0), ("1", 0)], halved.Versions.Select(one => (one.Version, one.Share)));
        Assert.Equal(
            "No worker has version 1 of its plan. The other versions of the plan answer its requests.",
            Assert.Single(halved.FindWarnings()));
        Assert.Equal("3", plan.StandIn);
        Assert.Equal([("3", 1.0), ("2", 0), ("1", 0)], replaced.Versions.Select(one => (one.Version, one.Share)));
        var warning = Assert.Single(replaced.FindWarnings());
        Assert.StartsWith(
            "No worker has a version of its plan (1, 2). Version 3, the newest that there is, answers instead.", warning,
            StringComparison.Ordinal);
        Assert.Contains(warning, page.Html, StringComparison.Ordinal);
    }

    private static void Show(AccountsHost host, params ServedModel[] versions) => host.Responder.Fleet = new(
        DateTimeOffset.UnixEpoch, [new FleetWorker("http://worker-1:1", true, Served.Status("worker-1", versions))]);

    private static async Task<VersionedModel> ModelAsync(AccountsHost host) => (await host.Operators.GetFromJsonAsync(
        VersionedModel.Path, ContractsJson.Default.IReadOnlyListVersionedModel))!.Single();
}
