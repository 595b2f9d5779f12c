using Tollgate.Accounts.Database;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.Housekeeping;

/// <summary>Rows that expire. Each slice registers its rows.</summary>
internal interface IExpiringRows
{
    /// <summary>Deletes expired rows. Safe on several instances at once.</summary>
    Task DropExpiredAsync(CancellationToken cancellationToken);
}

/// <summary>Deletes the expired rows of all slices once an hour.</summary>
internal sealed partial class HourlyCleanup(IServiceScopeFactory scopes, TimeProvider clock, ILogger<HourlyCleanup> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromHours(1), StartsAtOnce: false), clock, logger)
{
    protected override string Failure => "Expired rows cannot be dropped";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AccountsDb>().Scope = OrganizationScope.All;
        foreach (var store in scope.ServiceProvider.GetServices<IExpiringRows>())
        {
            await store.DropExpiredAsync(cancellationToken);
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        LogFailed(logger, reason); // The rows are still expired an hour later.
        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "Expired rows were not dropped; next try in an hour. {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
