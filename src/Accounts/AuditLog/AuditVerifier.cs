using System.Data;
using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Audit;

namespace Tollgate.Accounts.AuditLog;

/// <summary>
/// Verifies chains: every entry against its hash and the entry before it, the oldest one against a signed purge, the newest one against the
/// head, and what was sealed against the seals. Reads one snapshot of the database, beside running writers.
/// </summary>
internal sealed class AuditVerifier(AccountsDb db, AuditSigner signer)
{
    public const string PurgeAction = "audit.purge";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Verifies all chains, that of the installation first.</summary>
    public async Task<IReadOnlyList<AuditChainReport>> VerifyAllAsync(CancellationToken cancellationToken)
    {
        var heads = await db.AuditHeads.Select(head => head.ChainId).ToListAsync(cancellationToken);
        var sealedOnes = await db.AuditSeals.Select(seal => seal.ChainId).Distinct().ToListAsync(cancellationToken);
        var written = await db.AuditEntries.Select(entry => entry.OrganizationId).Distinct().ToListAsync(cancellationToken);
        var reports = new List<AuditChainReport>();
        foreach (var chain in heads.Concat(sealedOnes).Concat(written.Select(AuditLines.ChainOf)).Distinct().Order())
        {
            reports.Add(await VerifyAsync(AuditLines.OrganizationOf(chain), cancellationToken));
        }

        return reports;
    }

    /// <summary>Verifies one chain and lists all its breaks.</summary>
    /// <param name="organizationId">Null for the chain of the installation.</param>
    /// <param name="expected">An entry that must be in the chain; null for none.</param>
    public async Task<AuditChainReport> VerifyAsync(
        Guid? organizationId, CancellationToken cancellationToken, (long Number, string Hash)? expected = null)
    {
        var chainId = AuditLines.ChainOf(organizationId);
        await using var snapshot = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var seals = await db.AuditSeals.AsNoTracking().Where(seal => seal.ChainId == chainId)
            .ToDictionaryAsync(seal => seal.Number, cancellationToken);
        var chain = new AuditChain();
        var purges = new List<PurgedRange>();
        var isFound = expected is null;
        var entries = db.AuditEntries.AsNoTracking().Where(entry => entry.OrganizationId == organizationId).OrderBy(entry => entry.Number)
            .AsAsyncEnumerable();
        await foreach (var entry in entries.WithCancellation(cancellationToken))
        {
            chain.Take(entry.ToLine());
            if (seals.TryGetValue(entry.Number!.Value, out var seal) && !seal.Hash.AsSpan().SequenceEqual(entry.Hash))
            {
                chain.Break(seal.Number, $"is another one than was sealed at {Instant(seal.SealedAt)}.");
            }

            isFound |= entry.Number == expected?.Number && Convert.ToHexStringLower(entry.Hash!) == expected?.Hash;
            if (entry.Action == PurgeAction && ReadPurge(entry) is { } purge)
            {
                purges.Add(purge);
            }
        }

        var first = chain.First?.Number ?? 0;
        var last = chain.Last?.Number ?? 0;
        CheckStart(chain, chainId, purges);
        await CheckHeadAsync(chain, chainId, cancellationToken);
        CheckSeals(chain, seals.Values);
        if (!isFound)
        {
            chain.Break(expected!.Value.Number, "is missing or another one: its hash is not the expected one.");
        }

        return new AuditChainReport(
            organizationId, chain.Entries, first, last, chain.Last?.Hash ?? "",
            seals.Keys.Where(number => number <= last).DefaultIfEmpty().Max(), [.. chain.Breaks.OrderBy(one => one.Number)]);
    }

    /// <summary>What is missing before the oldest entry must be what a signed purge states.</summary>
    private void CheckStart(AuditChain chain, Guid chainId, List<PurgedRange> purges)
    {
        if (chain.First is { Number: > 1 } oldest
            && !purges.Any(purge => purge.Last == oldest.Number - 1 && purge.Hash == oldest.Previous && signer.IsPurge(purge, chainId)))
        {
            chain.Break(
                oldest.Number,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"is the oldest one: entries 1 to {oldest.Number - 1} are missing, and no valid purge states it."));
        }
    }

    private async Task CheckHeadAsync(AuditChain chain, Guid chainId, CancellationToken cancellationToken)
    {
        var head = await db.AuditHeads.AsNoTracking().SingleOrDefaultAsync(one => one.ChainId == chainId, cancellationToken);
        var last = chain.Last?.Number ?? 0;
        if (head is null)
        {
            if (last > 0)
            {
                chain.Break(last, "is the newest one, but the chain has no head.");
            }
        }
        else if (head.Number != last)
        {
            chain.Break(
                last, string.Create(CultureInfo.InvariantCulture, $"is the newest one, but the head of the chain is entry {head.Number}."));
        }
        else if (last > 0 && Convert.ToHexStringLower(head.Hash) != chain.Last!.Hash)
        {
            chain.Break(last, "is another one than the head of the chain.");
        }
    }

    private void CheckSeals(AuditChain chain, IEnumerable<AuditSeal> seals)
    {
        var last = chain.Last?.Number ?? 0;
        foreach (var seal in seals)
        {
            if (!signer.IsHead(seal.Pepper, seal.Signature, seal.ChainId, seal.Number, seal.Hash, seal.SealedAt))
            {
                chain.Break(seal.Number, "has a seal without a valid signature.");
            }
            else if (seal.Number > last)
            {
                chain.Break(seal.Number, $"was sealed at {Instant(seal.SealedAt)} and is missing.");
            }
        }
    }

    /// <summary>Returns null for an entry that does not state a range.</summary>
    private static PurgedRange? ReadPurge(AuditEntry entry)
    {
        try
        {
            var purge = entry.After is null ? null : JsonSerializer.Deserialize<PurgedRange>(entry.After, Json);
            return purge is { Hash: not null, Pepper: not null, Signature: not null } ? purge : null;
        }
        catch (JsonException)
        {
            return null; // Forged: the missing entries are then a break.
        }
    }

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
