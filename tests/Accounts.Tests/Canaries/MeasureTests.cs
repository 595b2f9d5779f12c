using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Accounts.Canaries;
using Tollgate.Accounts.Catalogue;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;

namespace Tollgate.Accounts.Tests.Canaries;

/// <summary>Gateways' reports over real HTTP into a real Postgres.</summary>
public sealed class MeasureTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private HttpClient _gateway = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _gateway = _host.ClientAs("gateway");
        await PlanAsync(new PlannedVersion("1", 50), new PlannedVersion("2", 50));
    }

    public async Task DisposeAsync()
    {
        _gateway.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_report_counts_once_however_often_and_from_however_many_gateways_it_comes()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        VersionReport[] reports =
        [
            Report(first, boot: 1, sequence: 1), Report(first, boot: 1, sequence: 2), Report(first, boot: 2, sequence: 1),
            Report(second, boot: 1, sequence: 1),
        ];
        foreach (var report in reports.Concat(reports))
        {
            Assert.Equal(HttpStatusCode.NoContent, await SendAsync(report));
        }

        var measured = await ReadAsync();

        Assert.Equal(
            [("1", false, 40L), ("2", false, 40L), ("2", true, 40L)], measured.Select(one => (one.Version, one.Shadow, one.Requests)));
        Assert.All(measured, one => Assert.Equal((4, 36, 36), (one.Failures, one.Durations[8], one.Durations.Sum())));
    }

    [Fact]
    public async Task Reports_of_several_gateways_at_once_are_all_counted()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async gateway =>
        {
            var id = Guid.NewGuid();
            for (var sequence = 1; sequence <= 5; sequence++)
            {
                Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Report(id, boot: 1, sequence, turn: gateway % 2 == 0)));
            }
        }));

        Assert.All(await ReadAsync(), one => Assert.Equal(8 * 5 * 10, one.Requests));
    }

    [Fact]
    public async Task A_change_of_the_plan_begins_the_count_anew_and_models_without_a_plan_are_dropped()
    {
        var gateway = Guid.NewGuid();
        await SendAsync(Report(gateway, boot: 1, sequence: 1));
        await PlanAsync(new PlannedVersion("1", 60), new PlannedVersion("2", 40));
        var empty = await ReadAsync();
        await SendAsync(Report(gateway, boot: 1, sequence: 2));
        await SendAsync(Report(gateway, boot: 1, sequence: 3, model: "other"));

        Assert.Empty(empty);
        Assert.All(await ReadAsync(), one => Assert.Equal(("m", 10), (one.Model, one.Requests)));
    }

    [Fact]
    public async Task Old_counts_are_deleted_and_those_of_the_present_plan_are_not()
    {
        await SendAsync(Report(Guid.NewGuid(), boot: 1, sequence: 1));
        var later = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(2));
        await _host.InScopeAsync<Accounts.Database.AccountsDb, bool>(async db =>
        {
            await new MeasureBook(db, later).DropExpiredAsync(CancellationToken.None);
            return true;
        });

        Assert.Equal(3, (await ReadAsync()).Count);
    }

    [Fact]
    public async Task Nonsense_is_refused()
    {
        var good = Report(Guid.NewGuid(), boot: 1, sequence: 1);
        var one = good.Versions[0];
        VersionReport[] wrong =
        [
            good with { Sequence = 0 },
            good with { Versions = [one with { Durations = [1, 2] }] },
            good with { Versions = [one with { Failures = 11 }] },
            good with { Versions = [one with { Failures = -1 }] },
            good with { Versions = [one with { Model = "" }] },
            good with { Versions = [one with { Version = new string('9', 101) }] },
            good with { Versions = [one with { Durations = [.. Enumerable.Repeat(10L, DurationBuckets.Count)] }] },
            good with { Versions = null! },
        ];
        foreach (var report in wrong)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(report));
        }

        Assert.Empty(await ReadAsync());
    }

    /// <summary>Ten requests of versions 1 and 2, and ten copies at 2, of each of which one failed.</summary>
    /// <param name="turn">Whether to list the versions the other way round.</param>
    private static VersionReport Report(Guid gateway, long boot, long sequence, string model = "m", bool turn = false)
    {
        var durations = new long[DurationBuckets.Count];
        durations[8] = 9;
        VersionMeasure[] versions =
        [
            new(model, "1", Shadow: false, 10, 1, durations), new(model, "2", Shadow: false, 10, 1, durations),
            new(model, "2", Shadow: true, 10, 1, durations),
        ];
        return new VersionReport(gateway, boot, sequence, turn ? [.. versions.Reverse()] : versions);
    }

    private async Task<HttpStatusCode> SendAsync(VersionReport report)
    {
        using var response = await _gateway.PostAsJsonAsync(VersionReport.Path, report, ContractsJson.Default.VersionReport);
        return response.StatusCode;
    }

    private async Task<List<MeasuredVersion>> ReadAsync()
    {
        var measured = await _host.InScopeAsync<MeasureBook, List<MeasuredVersion>>(book => book.ReadAsync("m", CancellationToken.None));
        return [.. measured.OrderBy(one => one.Version, StringComparer.Ordinal).ThenBy(one => one.Shadow)];
    }

    private Task<bool> PlanAsync(params PlannedVersion[] versions) => _host.InScopeAsync<PlanBook, bool>(async plans =>
    {
        await using var change = await plans.BeginAsync("m", CancellationToken.None);
        change.Set(new ModelPlan("m", Unloaded: false, versions));
        await plans.CommitAsync(change, CancellationToken.None);
        return true;
    });
}
