using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.SecondFactor;

/// <summary>
/// Keeps authenticator apps and recovery codes, and checks codes. All pages that take a code share one count of a user's wrong ones. Each
/// code is accepted once, also when it arrives several times at the same moment: one statement looks at the row and changes it.
/// </summary>
internal sealed class SecondFactorBook(
    AccountsDb db, CredentialLimiter limiter, IDataProtectionProvider protection, AuditTrail trail, TimeProvider clock)
{
    public const int RecoveryCodeCount = 10;

    private const int RecoveryBytes = 10;
    private readonly IDataProtector _protector = protection.CreateProtector("authenticator app");

    /// <summary>Whether two-step verification is on.</summary>
    public Task<bool> IsOnAsync(Guid userId, CancellationToken cancellationToken) =>
        db.AuthenticatorApps.AnyAsync(app => app.UserId == userId && app.ConfirmedAt != null, cancellationToken);

    /// <summary>Describes what is on; null when two-step verification is off.</summary>
    public async Task<SecondFactorState?> FindAsync(Guid userId, CancellationToken cancellationToken)
    {
        var since = await db.AuthenticatorApps.Where(app => app.UserId == userId).Select(app => app.ConfirmedAt)
            .SingleOrDefaultAsync(cancellationToken);
        return since is { } at
            ? new SecondFactorState(at, await db.RecoveryCodes.CountAsync(c => c.UserId == userId && c.UsedAt == null, cancellationToken))
            : null;
    }

    /// <summary>The secret of an app that is still to be confirmed; null when there is none.</summary>
    public async Task<byte[]?> FindPendingSecretAsync(Guid userId, CancellationToken cancellationToken)
    {
        var secret = await db.AuthenticatorApps.Where(app => app.UserId == userId && app.ConfirmedAt == null)
            .Select(app => app.SealedSecret).SingleOrDefaultAsync(cancellationToken);
        return secret is null ? null : Open(secret);
    }

    /// <summary>Begins with a new secret, in place of an unconfirmed one. Changes nothing while two-step verification is on.</summary>
    public async Task BeginAsync(Guid userId, CancellationToken cancellationToken)
    {
        var (secret, now) = (Seal(RandomNumberGenerator.GetBytes(Totp.SecretLength)), clock.GetUtcNow());
        await db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.authenticator_apps as a (user_id, sealed_secret, created_at, last_step) values ({userId}, {secret}, {now}, 0)
            on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
            where a.confirmed_at is null
            """,
            cancellationToken);
    }

    /// <summary>Turns two-step verification on by a code of the pending app.</summary>
    /// <returns>The recovery codes, to be shown once; null for a wrong code and without a pending app.</returns>
    public async Task<IReadOnlyList<string>?> ConfirmAsync(Guid userId, string code, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var found = await db.AuthenticatorApps.FromSql($"select * from accounts.authenticator_apps where user_id = {userId} for update")
            .ToListAsync(cancellationToken);
        var now = clock.GetUtcNow();
        if (found is not [{ ConfirmedAt: null } app] || Totp.FindStep(Open(app.SealedSecret), Compact(code), now) is not { } step)
        {
            return null;
        }

        app.Confirm(now, step);
        var codes = await ReplaceCodesAsync(userId, cancellationToken);
        await trail.AddForAccountAsync("account.totp.on", userId, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return codes;
    }

    /// <summary>Makes new recovery codes in place of the old ones; null while two-step verification is off.</summary>
    public async Task<IReadOnlyList<string>?> RenewCodesAsync(Guid userId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var found = await db.AuthenticatorApps.FromSql($"select * from accounts.authenticator_apps where user_id = {userId} for update")
            .AsNoTracking().ToListAsync(cancellationToken);
        if (found is not [{ ConfirmedAt: not null }])
        {
            return null;
        }

        var codes = await ReplaceCodesAsync(userId, cancellationToken);
        await trail.AddForAccountAsync("account.recovery-codes", userId, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return codes;
    }

    /// <summary>Turns two-step verification off, and forgets app and codes. Returns false when it was off already.</summary>
    public async Task<bool> TurnOffAsync(Guid userId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.RecoveryCodes.Where(code => code.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        var wasOn = await db.AuthenticatorApps.Where(app => app.UserId == userId && app.ConfirmedAt != null)
            .ExecuteDeleteAsync(cancellationToken) > 0;
        if (wasOn)
        {
            await trail.AddForAccountAsync("account.totp.off", userId, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return wasOn;
    }

    /// <summary>Takes a code of the app, or a recovery code. Counts the attempt before it looks at the code.</summary>
    public async Task<CodeCheck> CheckAsync(Guid userId, string code, CancellationToken cancellationToken)
    {
        if (await limiter.TakeCodeAsync(userId, cancellationToken) is { } wait)
        {
            return new CodeCheck.TooMany(wait);
        }

        var text = Compact(code);
        var isRecovery = text.Length != Totp.Digits;
        if (!(isRecovery
            ? await UseRecoveryCodeAsync(userId, text, cancellationToken)
            : await UseAppCodeAsync(userId, text, cancellationToken)))
        {
            return new CodeCheck.Refused();
        }

        await limiter.ForgiveCodesAsync(userId, cancellationToken);
        return new CodeCheck.Accepted(
            isRecovery ? await db.RecoveryCodes.CountAsync(c => c.UserId == userId && c.UsedAt == null, cancellationToken) : null);
    }

    private async Task<bool> UseAppCodeAsync(Guid userId, string code, CancellationToken cancellationToken)
    {
        var secret = await db.AuthenticatorApps.Where(app => app.UserId == userId && app.ConfirmedAt != null)
            .Select(app => app.SealedSecret).SingleOrDefaultAsync(cancellationToken);
        if (secret is null || Totp.FindStep(Open(secret), code, clock.GetUtcNow()) is not { } step)
        {
            return false;
        }

        return await db.AuthenticatorApps
            .Where(app => app.UserId == userId && app.SealedSecret == secret && app.ConfirmedAt != null && app.LastStep < step)
            .ExecuteUpdateAsync(set => set.SetProperty(app => app.LastStep, step), cancellationToken) > 0;
    }

    private async Task<bool> UseRecoveryCodeAsync(Guid userId, string code, CancellationToken cancellationToken)
    {
        var (hash, now) = (Hash(code), clock.GetUtcNow());
        return await db.RecoveryCodes.Where(c => c.UserId == userId && c.CodeSha256 == hash && c.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.UsedAt, now), cancellationToken) > 0;
    }

    /// <summary>In the caller's transaction, which saves the new rows.</summary>
    private async Task<IReadOnlyList<string>> ReplaceCodesAsync(Guid userId, CancellationToken cancellationToken)
    {
        await db.RecoveryCodes.Where(code => code.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        var codes = Enumerable.Range(0, RecoveryCodeCount)
            .Select(_ => Totp.ToBase32(RandomNumberGenerator.GetBytes(RecoveryBytes))).ToList();
        db.RecoveryCodes.AddRange(codes.Select(code => new RecoveryCode { UserId = userId, CodeSha256 = Hash(code) }));
        return [.. codes.Select(code => string.Join('-', code.Chunk(4).Select(part => new string(part))))];
    }

    /// <summary>What people write between the characters of a code is left out, and letters are capital.</summary>
    private static string Compact(string code) =>
        string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();

    private static byte[] Hash(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    private string Seal(byte[] secret) => _protector.Protect(Convert.ToBase64String(secret));

    private byte[] Open(string sealedSecret) => Convert.FromBase64String(_protector.Unprotect(sealedSecret));
}

/// <summary>Two-step verification that is on.</summary>
/// <param name="CodesLeft">Recovery codes without a use.</param>
internal sealed record SecondFactorState(DateTimeOffset Since, int CodesLeft);

/// <summary>Result of a code: one of the records in it.</summary>
internal abstract record CodeCheck
{
    private CodeCheck()
    {
    }

    /// <param name="RecoveryCodesLeft">How many are left after the use of one; null for a code of the app.</param>
    internal sealed record Accepted(int? RecoveryCodesLeft) : CodeCheck;

    /// <summary>The code is wrong, or was used before.</summary>
    internal sealed record Refused : CodeCheck;

    /// <summary>Too many wrong codes; the code was not looked at.</summary>
    internal sealed record TooMany(TimeSpan Wait) : CodeCheck;
}
