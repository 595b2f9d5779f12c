using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>The identities that open an account.</summary>
internal sealed class LinkedIdentities(AccountsDb db, AuditTrail audit)
{
    public Task<List<LinkedIdentity>> ListAsync(Guid userId, CancellationToken cancellationToken) =>
        db.LinkedIdentities.AsNoTracking().Where(i => i.UserId == userId).OrderBy(i => i.LinkedAt).ToListAsync(cancellationToken);

    /// <summary>
    /// Removes an identity. Returns false where nothing else would open the account: a password, a passkey, or another identity.
    /// Idempotent.
    /// </summary>
    public async Task<bool> RemoveAsync(Guid userId, string issuer, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"select 1 from accounts.users where id = {userId} for update", cancellationToken);
        var identities = await db.LinkedIdentities.Where(i => i.UserId == userId).ToListAsync(cancellationToken);
        if (identities.Find(i => i.Issuer == issuer) is { } identity)
        {
            if (identities.Count == 1 && !await db.Users.AnyAsync(u => u.Id == userId && u.PasswordHash != null, cancellationToken)
                && !await db.UserPasskeys.AnyAsync(p => p.UserId == userId, cancellationToken))
            {
                return false;
            }

            db.LinkedIdentities.Remove(identity);
            audit.Add("identity.unlink", userId.ToString(), before: new { identity.Issuer, identity.Subject });
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
