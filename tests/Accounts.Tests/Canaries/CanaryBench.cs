using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Canaries;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Fleet;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Data;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Canaries;

/// <summary>
/// Canaries on a real Postgres with a clock that the test moves. The service does not run, so nothing acts but the test; each call has a
/// scope of its own, as on another instance.
/// </summary>
internal sealed class CanaryBench : IAsyncDisposable
{
    private readonly string[] _settings;
    private readonly Guid _gateway = Guid.NewGuid();
    private WebApplication _app;
    private long _sequence;

    private CanaryBench(string[] settings) => (_settings, _app) = (settings, AccountsApp.Create(settings));

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 1, 8, 0, 0, TimeSpan.Zero));

    /// <summary>Versions 1 and 2 of the model m, at one worker.</summary>
    public InstalledModels Installed { get; private set; } = InstalledWith(ModelState.Ready);

    public static async Task<CanaryBench> StartAsync()
    {
        var postgres = await AccountsHost.CreateDatabaseAsync();
        var redis = (await RedisServer.SharedAsync()).ConnectionString;
        var bench = new CanaryBench(AccountsHost.Settings(postgres, redis, "http://127.0.0.1:9", TestFolder.Create("mail")));
        await bench.PlanAsync(new PlannedVersion("1", 100));
        return bench;
    }

    /// <summary>Goes on with another process on the same database.</summary>
    public async Task RestartAsync()
    {
        await _app.DisposeAsync();
        _app = AccountsApp.Create(_settings);
    }

    public void Break() => Installed = InstalledWith(ModelState.Broken);

    /// <summary>Removes version 2 from the worker's repository.</summary>
    public void Remove() => Installed = new([Served.At("worker-1", Served.Version("m", "1"))]);

    /// <summary>Starts a canary of version 2 and gives the faults.</summary>
    public Task<IReadOnlyList<PlanFault>> StartCanaryAsync(StartCanary? order = null) => WithDeskAsync(
        desk => desk.StartAsync("m", order ?? new StartCanary("2"), Installed, actorId: null, CancellationToken.None));

    /// <summary>Lets one instance look at the running canary. Returns whether it took a step.</summary>
    public Task<bool> AdvanceAsync() => WithDeskAsync(async desk =>
        await desk.RunningAsync(CancellationToken.None) is [var canary]
        && await desk.AdvanceAsync(canary, Installed, CancellationToken.None));

    public Task<CanaryReport> CanaryAsync() => WithDeskAsync(async desk => (await desk.ListAsync("m", CancellationToken.None))[0]);

    public Task<T> WithDeskAsync<T>(Func<CanaryDesk, Task<T>> use) => InScopeAsync((services, plans) => use(new CanaryDesk(
        services.GetRequiredService<AccountsDb>(), plans, services.GetRequiredService<MeasureBook>(), Clock)));

    /// <summary>Reports requests that all took as long.</summary>
    public Task ReportAsync(string version, long requests, long failures = 0, double milliseconds = 100)
    {
        var durations = new long[DurationBuckets.Count];
        durations[DurationBuckets.IndexOf(TimeSpan.FromMilliseconds(milliseconds))] = requests - failures;
        var report = new VersionReport(
            _gateway, 1, ++_sequence, [new VersionMeasure("m", version, Shadow: false, requests, failures, durations)]);
        return InScopeAsync(async (services, _) =>
        {
            await services.GetRequiredService<MeasureBook>().TakeAsync(report, CancellationToken.None);
            return true;
        });
    }

    /// <summary>The plan of the model m, as <c>VERSION=WEIGHT</c>; a kept version ends with <c>kept</c>.</summary>
    public Task<string> PlanTextAsync() => InScopeAsync(async (_, plans) => string.Join(
        ' ', (await plans.ListAsync(CancellationToken.None)).Single().Versions
            .Select(one => $"{one.Version}={one.Weight}{(one.Kept ? "kept" : "")}")));

    public Task<List<string>> AuditAsync() => InScopeAsync((services, _) => services.GetRequiredService<AccountsDb>().AuditEntries
        .OrderBy(entry => entry.Id).Select(entry => entry.Action).ToListAsync());

    public Task PlanAsync(params PlannedVersion[] versions) => InScopeAsync(async (_, plans) =>
    {
        await using var change = await plans.BeginAsync("m", CancellationToken.None);
        change.Set(new ModelPlan("m", Unloaded: false, versions));
        await plans.CommitAsync(change, CancellationToken.None);
        return true;
    });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static InstalledModels InstalledWith(ModelState second) =>
        new([Served.At("worker-1", Served.Version("m", "1"), Served.Version("m", "2", second, "The file is cut."))]);

    private async Task<T> InScopeAsync<T>(Func<IServiceProvider, PlanBook, Task<T>> use)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        db.Scope = OrganizationScope.All;
        var services = scope.ServiceProvider;
        return await use(services, new PlanBook(
            db, services.GetRequiredService<CatalogueRefresher>(), services.GetRequiredService<AuditTrail>(), Clock));
    }
}
