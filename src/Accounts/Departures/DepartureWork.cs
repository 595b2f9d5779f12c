using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.Departures;

/// <summary>
/// Takes departures through their steps when their time has come, once a minute. Safe on several instances at once, and to be interrupted
/// anywhere: what a run leaves is taken up by the next one.
/// </summary>
internal sealed partial class DepartureWork(IServiceScopeFactory scopes, TimeProvider clock, ILogger<DepartureWork> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromMinutes(1)), clock, logger)
{
    protected override string Failure => "Deletions of accounts and organizations cannot be looked after";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        while (await ClaimAsync(cancellationToken) is { } departureId)
        {
            try
            {
                while (await TakeAsync(departureId, cancellationToken))
                {
                }
            }
            catch (Exception exception) when (OtherServices.IsAway(exception, cancellationToken))
            {
                LogAway(logger, departureId, exception.Message);
            }
        }
    }

    /// <summary>
    /// Claims the next departure that is due, accounts first. The claim moves its next attempt into the future: 15 s, doubled each time up
    /// to an hour.
    /// </summary>
    private async Task<Guid?> ClaimAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var now = Clock.GetUtcNow();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        db.Scope = OrganizationScope.All;
        var claimed = await db.Departures.FromSql(
            $"""
            update accounts.departures set
              attempts = attempts + 1,
              next_attempt_at = {now} + least(interval '1 hour', interval '15 seconds' * power(2, least(attempts, 10)))
            where id = (
              select id from accounts.departures
              where finished_at is null and cancelled_at is null and next_attempt_at <= {now}
              order by kind, next_attempt_at, id limit 1 for update skip locked)
            returning *
            """).AsNoTracking().ToListAsync(cancellationToken);
        return claimed.FirstOrDefault()?.Id;
    }

    private async Task<bool> TakeAsync(Guid departureId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AccountsDb>().Scope = OrganizationScope.All; // An account's ends concern several.
        return await scope.ServiceProvider.GetRequiredService<DepartureSteps>().TakeAsync(departureId, cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "Deletion {DepartureId} waits for another service and is tried again. {Reason}")]
    private static partial void LogAway(ILogger logger, Guid departureId, string reason);
}
