using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Audit;
using Tollgate.Contracts.Json;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Writes entries as CSV or as JSON lines while they are read, one entry in memory at a time.</summary>
internal sealed class AuditExport(AccountsDb db, AuditSigner signer, TimeProvider clock)
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    /// <summary>Writes CSV with a head line.</summary>
    public async Task WriteCsvAsync(
        IQueryable<AuditEntry> entries, bool hasHead, Stream output, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        if (hasHead)
        {
            await writer.WriteAsync(CsvLine.Of(
            [
                "organization", "number", "id", "at", "actor_email", "actor", "operator", "via", "address", "browser", "trace", "action",
                "subject", "before", "after", "previous", "hash",
            ]));
        }

        var named = entries.Select(entry => new
        {
            Entry = entry, Email = db.Users.Where(user => user.Id == entry.ActorId).Select(user => user.Email).FirstOrDefault(),
        });
        await foreach (var one in named.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var line = one.Entry.ToLine();
            await writer.WriteAsync(CsvLine.Of(
            [
                line.Organization?.ToString(), line.Number.ToString(CultureInfo.InvariantCulture),
                line.Id.ToString(CultureInfo.InvariantCulture),
                line.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), one.Email,
                line.Actor?.ToString(), line.Operator?.ToString(), line.Via, line.Address, line.Browser, line.Trace, line.Action,
                line.Subject, line.Before, line.After, line.Previous, line.Hash,
            ]));
        }
    }

    /// <summary>Writes JSON lines: <see cref="AuditLine"/> for each entry.</summary>
    public static async Task WriteLinesAsync(IQueryable<AuditEntry> entries, Stream output, CancellationToken cancellationToken)
    {
        await foreach (var entry in entries.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            await JsonSerializer.SerializeAsync(output, entry.ToLine(), ContractsJson.Default.AuditLine, cancellationToken);
            await output.WriteAsync(NewLine, cancellationToken);
        }
    }

    /// <summary>Writes the signed heads of the chains: <see cref="AuditHeadLine"/> for each.</summary>
    /// <param name="organizationId">Null for all chains of the installation.</param>
    public async Task WriteHeadsAsync(Guid? organizationId, Stream output, CancellationToken cancellationToken)
    {
        var heads = await db.AuditHeads.AsNoTracking().Where(head => organizationId == null || head.ChainId == organizationId)
            .OrderBy(head => head.ChainId).ToListAsync(cancellationToken);
        foreach (var head in heads)
        {
            var at = clock.GetUtcNow();
            var (pepper, signature) = signer.SignHead(head.ChainId, head.Number, head.Hash, at);
            await JsonSerializer.SerializeAsync(
                output,
                new AuditHeadLine(
                    AuditLines.OrganizationOf(head.ChainId), head.Number, Convert.ToHexStringLower(head.Hash), at, pepper,
                    Convert.ToHexStringLower(signature)),
                ContractsJson.Default.AuditHeadLine, cancellationToken);
            await output.WriteAsync(NewLine, cancellationToken);
        }
    }
}
