using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Canaries;

/// <summary>
/// Sums what gateways measure of versions, since the last change of their model's plan. A report about a model without a plan is dropped.
/// </summary>
internal sealed class MeasureBook(AccountsDb db, TimeProvider clock) : IExpiringRows
{
    private static readonly TimeSpan BootsKept = TimeSpan.FromDays(1);

    /// <summary>Takes a report in one transaction. One that was already taken changes nothing.</summary>
    public async Task TakeAsync(VersionReport report, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.version_reports as r (gateway, boot, sequence, taken_at)
            values ({report.Gateway}, {report.Boot}, {report.Sequence}, {clock.GetUtcNow()})
            on conflict (gateway, boot) do update set sequence = excluded.sequence, taken_at = excluded.taken_at
            where r.sequence < excluded.sequence
            """,
            cancellationToken) > 0;
        if (!isNew)
        {
            return;
        }

        // In one order, so that the reports of two gateways cannot deadlock.
        foreach (var measure in report.Versions.OrderBy(m => m.Model, StringComparer.Ordinal)
            .ThenBy(m => m.Version, StringComparer.Ordinal).ThenBy(m => m.Shadow))
        {
            await AddAsync(measure, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Reads the measures of models since their plans changed.</summary>
    /// <param name="model">Null for all models.</param>
    public Task<List<MeasuredVersion>> ReadAsync(string? model, CancellationToken cancellationToken) =>
        (from measure in db.MeasuredVersions
         join plan in db.ModelPlans on measure.Model equals plan.Model
         where measure.Since == plan.ChangedAt && (model == null || measure.Model == model)
         select measure).AsNoTracking().ToListAsync(cancellationToken);

    public async Task DropExpiredAsync(CancellationToken cancellationToken)
    {
        var gone = clock.GetUtcNow() - BootsKept;
        await db.Database.ExecuteSqlAsync($"delete from accounts.version_reports where taken_at < {gone}", cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            delete from accounts.version_measures m where since < {gone}
            and not exists (select from accounts.model_plans p where p.model = m.model and p.changed_at = m.since)
            """,
            cancellationToken);
    }

    private Task<int> AddAsync(VersionMeasure measure, CancellationToken cancellationToken)
    {
        var durations = measure.Durations.ToArray();
        return db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.version_measures as m (model, version, shadow, since, requests, failures, durations)
            select p.model, {measure.Version}, {measure.Shadow}, p.changed_at, {measure.Requests}, {measure.Failures}, {durations}
            from accounts.model_plans p where p.model = {measure.Model}
            on conflict (model, version, shadow) do update set
              since = excluded.since,
              requests = excluded.requests + case when m.since = excluded.since then m.requests else 0 end,
              failures = excluded.failures + case when m.since = excluded.since then m.failures else 0 end,
              durations = case when m.since = excluded.since
                then (select array_agg(known + added order by bucket)
                      from unnest(m.durations, excluded.durations) with ordinality as both_sides (known, added, bucket))
                else excluded.durations end
            where m.since <= excluded.since
            """,
            cancellationToken);
    }
}
