using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Telemetry;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.AuditLog;

/// <summary>
/// Seals the chains that have grown, writes the signed heads to the log, where nobody who changes the database reaches them, and verifies
/// all chains. Every instance does it; a seal is stored once.
/// </summary>
internal sealed partial class AuditWatch(
    IServiceScopeFactory scopes, AuditSigner signer, AccountsMetrics metrics, TimeProvider clock, ILogger<AuditWatch> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromHours(1)), clock, logger)
{
    protected override string Failure => "The audit log cannot be verified";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        db.Scope = OrganizationScope.All;
        await SealAsync(db, cancellationToken);
        var reports = await scope.ServiceProvider.GetRequiredService<AuditVerifier>().VerifyAllAsync(cancellationToken);
        metrics.AuditVerified(reports.Sum(report => report.Breaks.Count));
        foreach (var report in reports.Where(report => report.Breaks.Count > 0))
        {
            LogBroken(logger, AuditLines.ChainOf(report.Organization), report.Breaks.Count, report.Breaks[0].Number, report.Breaks[0].Text);
        }
    }

    private async Task SealAsync(AccountsDb db, CancellationToken cancellationToken)
    {
        var seals = db.AuditSeals;
        var grown = await db.AuditHeads.AsNoTracking()
            .Where(head => !seals.Any(seal => seal.ChainId == head.ChainId && seal.Number >= head.Number))
            .ToListAsync(cancellationToken);
        foreach (var head in grown)
        {
            var now = Clock.GetUtcNow();
            var at = now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerMicrosecond)); // Postgres keeps no more.
            var (pepper, signature) = signer.SignHead(head.ChainId, head.Number, head.Hash, at);
            var stored = await db.Database.ExecuteSqlAsync(
                $"""
                insert into accounts.audit_seals (chain_id, number, hash, sealed_at, pepper, signature)
                values ({head.ChainId}, {head.Number}, {head.Hash}, {at}, {pepper}, {signature}) on conflict do nothing
                """,
                cancellationToken);
            if (stored > 0)
            {
                LogSealed(
                    logger, head.ChainId, head.Number, Convert.ToHexStringLower(head.Hash), at, pepper,
                    Convert.ToHexStringLower(signature));
            }
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        LogFailed(logger, reason);
        return true;
    }

    [LoggerMessage(1, LogLevel.Information,
        "Audit chain {Chain}: head {Number}, hash {Hash}, sealed at {At:O} under {Pepper}, signature {Signature}.")]
    private static partial void LogSealed(
        ILogger logger, Guid chain, long number, string hash, DateTimeOffset at, string pepper, string signature);

    [LoggerMessage(2, LogLevel.Error,
        "The audit log was changed. Chain {Chain} has {Breaks} breaks; entry {Number} {Text} All: tollgate audit verify")]
    private static partial void LogBroken(ILogger logger, Guid chain, int breaks, long number, string text);

    [LoggerMessage(3, LogLevel.Warning, "The audit log cannot be verified; next try in an hour. {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
