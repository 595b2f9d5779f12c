using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Keeps the answers to requests with an <c>Idempotency-Key</c> for 24 hours. Safe on several instances at once.</summary>
internal sealed class AdminRequestBook(AccountsDb db, SealedPayloads payloads, TimeProvider clock) : IExpiringRows
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    /// <summary>After this time a request without an answer is known to have failed in the middle.</summary>
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>Claims a name for a request.</summary>
    /// <returns>The answer of an earlier request with the same name; null when this request is to run.</returns>
    /// <exception cref="AdminRefusal">The name is another request's, or there is no answer yet, or none any more.</exception>
    public async Task<byte[]?> ClaimAsync(Guid keyId, byte[] name, byte[] digest, Guid requestId)
    {
        var now = clock.GetUtcNow();
        var expired = now - KeptFor;
        var claimed = await db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.admin_requests as r (admin_key_id, name, digest, request_id, at)
            values ({keyId}, {name}, {digest}, {requestId}, {now})
            on conflict (admin_key_id, name) do update set
              digest = excluded.digest, request_id = excluded.request_id, at = excluded.at, answer = null
            where r.at < {expired}
            """);
        if (claimed > 0)
        {
            return null;
        }

        var earlier = await db.AdminRequests.AsNoTracking().SingleOrDefaultAsync(one => one.AdminKeyId == keyId && one.Name == name)
            ?? throw new AdminRefusal(OpenAiError.IdempotencyInProgress(requestId, Soon)); // It was freed this moment.
        if (!earlier.Digest.AsSpan().SequenceEqual(digest))
        {
            throw new AdminRefusal(OpenAiError.IdempotencyMismatch(earlier.RequestId));
        }

        if (earlier.Answer is null)
        {
            throw new AdminRefusal(now - earlier.At < LongestRun
                ? OpenAiError.IdempotencyInProgress(earlier.RequestId, Soon) : OpenAiError.IdempotencyAnswerGone(earlier.RequestId));
        }

        return Convert.FromBase64String(payloads.Open<string>(earlier.Answer));
    }

    /// <summary>Keeps the answer of a claimed name.</summary>
    public Task<int> KeepAsync(Guid keyId, byte[] name, byte[] answer)
    {
        var sealedAnswer = payloads.Seal(Convert.ToBase64String(answer));
        return db.AdminRequests.Where(one => one.AdminKeyId == keyId && one.Name == name)
            .ExecuteUpdateAsync(set => set.SetProperty(one => one.Answer, sealedAnswer));
    }

    /// <summary>Gives a claimed name back, as its request changed nothing.</summary>
    public Task<int> FreeAsync(Guid keyId, byte[] name) =>
        db.AdminRequests.Where(one => one.AdminKeyId == keyId && one.Name == name).ExecuteDeleteAsync();

    public Task DropExpiredAsync(CancellationToken cancellationToken)
    {
        var expired = clock.GetUtcNow() - KeptFor;
        return db.AdminRequests.Where(one => one.At < expired).ExecuteDeleteAsync(cancellationToken);
    }
}
