using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Sessions;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.CredentialLimits;

/// <summary>
/// Counts credential forms in Postgres. One statement checks and increments a count before any password is hashed, so concurrent guesses
/// cannot all pass. Names an account by the typed address, whether it exists or not, so a refusal reveals nothing. No stranger can lock an
/// owner out: the limits over all sources exempt sources that the account signed in from.
/// </summary>
internal sealed class CredentialLimiter(
    AccountsDb db, NpgsqlDataSource dataSource, IOptions<CredentialLimitOptions> options, IOptions<PortalOptions> portal,
    TimeProvider clock) : IExpiringRows
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan KnownFor = TimeSpan.FromDays(90);

    /// <summary>Returns no row when the limit is reached.</summary>
    private const string CountSql =
        """
        insert into accounts.credential_counts as c (subject, count, expires_at) values ($1, 1, clock_timestamp() + $3)
        on conflict (subject) do update set
          count = case when c.expires_at <= clock_timestamp() then 1 else c.count + 1 end,
          expires_at = case when c.expires_at <= clock_timestamp() then excluded.expires_at else c.expires_at end
        where c.expires_at <= clock_timestamp() or c.count < $2
        returning 1
        """;

    /// <summary>From attempt $2 on, each attempt starts a wait, 30 s at first. Returns no row during a wait.</summary>
    private const string SlowDownSql =
        """
        insert into accounts.credential_counts as c (subject, count, blocked_until, expires_at)
        values ($1, 1, case when $2 <= 1 then clock_timestamp() + interval '30 seconds' end, clock_timestamp() + $3)
        on conflict (subject) do update set
          count = case when c.expires_at <= clock_timestamp() then 1 else c.count + 1 end,
          blocked_until = case
            when c.expires_at <= clock_timestamp() and $2 > 1 or c.expires_at > clock_timestamp() and c.count + 1 < $2 then null
            when c.expires_at <= clock_timestamp() then clock_timestamp() + interval '30 seconds'
            else clock_timestamp() + least(interval '15 minutes', interval '30 seconds' * power(2, least(c.count + 1 - $2, 10))) end,
          expires_at = excluded.expires_at
        where c.blocked_until is null or c.blocked_until <= clock_timestamp()
        returning 1
        """;

    /// <summary>Counts a credential form of a source. Returns null when it may proceed, else the remaining wait.</summary>
    public Task<TimeSpan?> TakeFormAsync(string source, CancellationToken cancellationToken) =>
        CountAsync(["form", source], portal.Value.CredentialFormsPerMinute, TimeSpan.FromMinutes(1), cancellationToken);

    /// <summary>Counts one password for one account. Returns null when it may be tried, else the remaining wait.</summary>
    public async Task<TimeSpan?> TakeGuessAsync(string email, string source, CancellationToken cancellationToken)
    {
        var account = Name(email);
        var limits = options.Value;
        return await SlowDownAsync(["guess", account, source], limits.GuessesBeforeDelay, TimeSpan.FromDays(1), cancellationToken)
            ?? await SlowDownAsync(["guesses", source], limits.GuessesPerSourceBeforeDelay, Hour, cancellationToken)
            ?? (await IsKnownAsync(email, source, cancellationToken)
                ? null
                : await CountAsync(["account", account], limits.GuessesPerAccountPerHour, Hour, cancellationToken));
    }

    /// <summary>Resets the source's attempts for this account after a correct password.</summary>
    public async Task ForgiveAsync(string email, string source, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            """
            with own as (delete from accounts.credential_counts where subject = $1)
            update accounts.credential_counts set count = greatest(count - 1, 0), blocked_until = null where subject = $2
            """);
        command.Parameters.Add(new() { Value = Subject(["guess", Name(email), source]) });
        command.Parameters.Add(new() { Value = Subject(["guesses", source]) });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Counts one code of the second factor for a user, over all sources and pages. Returns null when it may be tried, else the remaining
    /// wait. Who tries knows the password already.
    /// </summary>
    public Task<TimeSpan?> TakeCodeAsync(Guid userId, CancellationToken cancellationToken) =>
        SlowDownAsync(CodesOf(userId), options.Value.GuessesBeforeDelay, TimeSpan.FromDays(1), cancellationToken);

    /// <summary>Resets a user's attempts after a right code.</summary>
    public async Task ForgiveCodesAsync(Guid userId, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("delete from accounts.credential_counts where subject = $1");
        command.Parameters.Add(new() { Value = Subject(CodesOf(userId)) });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes something that may be used once. Returns false the second time, as long as <paramref name="lifetime"/> lasts.
    /// </summary>
    public async Task<bool> TakeOnceAsync(string what, TimeSpan lifetime, CancellationToken cancellationToken) =>
        await CountAsync(["once", what], 1, lifetime, cancellationToken) is null;

    /// <summary>Counts one mail to a mailbox. Returns null when it may be sent, else the remaining wait.</summary>
    public async Task<TimeSpan?> TakeMailAsync(string email, string source, CancellationToken cancellationToken)
    {
        var mailbox = EmailIdentity.Normalize(email);
        var limits = options.Value;
        return await CountAsync(["mail", mailbox, source], limits.MailsPerMailboxAndSourcePerHour, Hour, cancellationToken)
            ?? await CountAsync(["mails", source], limits.MailsPerSourcePerHour, Hour, cancellationToken)
            ?? (await IsKnownAsync(email, source, cancellationToken)
                ? null
                : await CountAsync(["mailbox", mailbox], limits.MailsPerMailboxPerHour, Hour, cancellationToken));
    }

    /// <summary>Counts one invitation by mail. Returns null when it may be sent, else the remaining wait.</summary>
    /// <param name="most">Invitations of the organization per hour.</param>
    public async Task<TimeSpan?> TakeInvitationAsync(
        Guid organizationId, string email, int most, CancellationToken cancellationToken)
    {
        var (mailbox, organization) = (EmailIdentity.Normalize(email), organizationId.ToString());
        var limits = options.Value;
        return await CountAsync(["invitations", organization], most, Hour, cancellationToken)
            ?? await CountAsync(
                ["invitation", organization, mailbox], limits.MailsPerMailboxAndSourcePerHour, Hour, cancellationToken)
            ?? await CountAsync(["invited", mailbox], limits.MailsPerMailboxPerHour, Hour, cancellationToken);
    }

    /// <summary>Deletes counters that expired over an hour ago.</summary>
    public async Task DropExpiredAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            "delete from accounts.credential_counts where expires_at < clock_timestamp() - interval '1 hour'");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private Task<bool> IsKnownAsync(string email, string source, CancellationToken cancellationToken)
    {
        var (name, since) = (Name(email), clock.GetUtcNow() - KnownFor);
        return (from user in db.Users
                where user.NormalizedEmail == name
                join session in db.Sessions on user.Id equals session.UserId
                where session.Source == source && session.CreatedAt > since
                select session).AnyAsync(cancellationToken);
    }

    private Task<TimeSpan?> CountAsync(string[] what, int most, TimeSpan window, CancellationToken cancellationToken) =>
        TakeAsync(CountSql, Subject(what), most, window, cancellationToken);

    private Task<TimeSpan?> SlowDownAsync(string[] what, int free, TimeSpan forgetAfter, CancellationToken cancellationToken) =>
        TakeAsync(SlowDownSql, Subject(what), free, forgetAfter, cancellationToken);

    /// <summary>Uses a separate connection, so that the count persists even if the page's transaction rolls back.</summary>
    private async Task<TimeSpan?> TakeAsync(string sql, byte[] subject, int most, TimeSpan lasts, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(sql);
        command.Parameters.Add(new() { Value = subject });
        command.Parameters.Add(new() { Value = most });
        command.Parameters.Add(new() { Value = lasts });
        if (await command.ExecuteScalarAsync(cancellationToken) is not null)
        {
            return null;
        }

        await using var wait = dataSource.CreateCommand(
            """
            select greatest(coalesce(blocked_until, expires_at) - clock_timestamp(), interval '1 second')
            from accounts.credential_counts where subject = $1
            """);
        wait.Parameters.Add(new() { Value = subject });
        return await wait.ExecuteScalarAsync(cancellationToken) as TimeSpan? ?? TimeSpan.FromSeconds(1);
    }

    private static string[] CodesOf(Guid userId) => ["codes", userId.ToString()];

    private static string Name(string email) => email.Normalize().ToUpperInvariant();

    private static byte[] Subject(string[] what) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', what)));
}
