using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Keys;

/// <summary>Names those whose keys are shown.</summary>
internal sealed class KeyOwners(AccountsDb db)
{
    /// <summary>The owner of each key, by the key's id. Keys of the operator's command line have none.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> NamesAsync(
        Guid organizationId, IReadOnlyCollection<ApiKey> keys, CancellationToken cancellationToken)
    {
        var users = keys.Select(k => k.OwnerId).OfType<Guid>().Distinct().ToArray();
        var accounts = keys.Select(k => k.ServiceAccountId).OfType<Guid>().Distinct().ToArray();
        var mails = await db.Users.Where(u => users.Contains(u.Id)).ToDictionaryAsync(u => u.Id, u => u.Email!, cancellationToken);
        var names = await db.ServiceAccounts.Where(a => a.OrganizationId == organizationId && accounts.Contains(a.Id))
            .ToDictionaryAsync(a => a.Id, a => a.Name, cancellationToken);
        return keys.Select(key => (key.Id, Name: NameOf(key))).Where(it => it.Name is not null).ToDictionary(it => it.Id, it => it.Name!);

        string? NameOf(ApiKey key) =>
            key.OwnerId is { } owner ? mails.GetValueOrDefault(owner, "a former user")
            : key.ServiceAccountId is { } account ? $"service account {names.GetValueOrDefault(account, "")}"
            : null;
    }
}
