using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Jobs;
using Tollgate.Billing.Ledger;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Wallets;

/// <summary>
/// Gives welcome credit: one per address, one per organization, and a limited number per day, mail domain and network. Organizations past
/// a limit wait in <c>welcome_credits_withheld</c>, where the operator sees them, and get the credit when the limits allow.
/// </summary>
internal sealed partial class WelcomeCredits(
    NpgsqlDataSource dataSource, IOptions<WalletOptions> options, TimeProvider clock, ILogger<WelcomeCredits> logger)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Patience = TimeSpan.FromDays(30);

    private const string UsedSql =
        """
        select coalesce(sum(amount), 0),
          count(*) filter (where granted_at > $1),
          count(*) filter (where granted_at > $1 and mail_domain = $2),
          count(*) filter (where granted_at > $1 and network = $3)
        from welcome_credits
        """;

    /// <summary>Gives the credit inside the caller's transaction, or records that it waits. Idempotent.</summary>
    public async Task GiveAsync(NpgsqlConnection connection, Newcomer newcomer, CancellationToken cancellationToken)
    {
        // The limits span all organizations, so only one transaction at a time may check them and add to them.
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('tollgate welcome credit'))", cancellationToken);
        var known = await connection.ReadValueAsync<bool>(
            "select exists (select from welcome_credits where email_sha256 = $1 or organization_id = $2)", cancellationToken,
            newcomer.EmailHash, newcomer.OrganizationId);
        if (!known)
        {
            if (await FindLimitAsync(connection, newcomer, cancellationToken) is { } reason)
            {
                await WithholdAsync(connection, newcomer, reason, cancellationToken);
                return;
            }

            await BookAsync(connection, newcomer, cancellationToken);
        }

        await connection.ExecuteAsync(
            "delete from welcome_credits_withheld where organization_id = $1", cancellationToken, newcomer.OrganizationId);
    }

    /// <summary>Gives waiting organizations their credit as far as the limits allow, those that waited longest first.</summary>
    public async Task GiveWaitingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var waiting = await connection.ReadRowsAsync(
            """
            select organization_id, email_sha256, mail_domain, network from welcome_credits_withheld
            where withheld_at > $1 order by withheld_at limit 1000
            """,
            row => new Newcomer(
                row.GetGuid(0), row.GetFieldValue<byte[]>(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)),
            cancellationToken,
            clock.GetUtcNow() - Patience);
        foreach (var newcomer in waiting)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await GiveAsync(connection, newcomer, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <summary>Counts the credits given and withheld in the last 24 hours.</summary>
    public async Task<WelcomeCreditReport> ReportAsync(CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - Day;
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var given = await connection.ReadValueAsync<long>(
            "select count(*) from welcome_credits where granted_at > $1", cancellationToken, since);
        var withheld = await connection.ReadRowsAsync(
            """
            select reason, case reason when 'domain' then mail_domain when 'network' then network else '' end, count(*)
            from welcome_credits_withheld where withheld_at > $1 group by 1, 2 order by 3 desc limit 20
            """,
            row => new WithheldWelcomeCredits(row.GetString(0), row.GetString(1), row.GetInt64(2)),
            cancellationToken,
            since);
        return new WelcomeCreditReport(given, withheld);
    }

    /// <summary>Returns the limit that is reached; null when the credit may be given.</summary>
    private async Task<string?> FindLimitAsync(NpgsqlConnection connection, Newcomer newcomer, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var used = await connection.ReadRowsAsync(
            UsedSql,
            row => (Total: row.GetDecimal(0), Day: row.GetInt64(1), Domain: row.GetInt64(2), Network: row.GetInt64(3)),
            cancellationToken,
            clock.GetUtcNow() - Day, newcomer.MailDomain, newcomer.Network);
        return used[0] switch
        {
            var u when u.Total + settings.WelcomeCreditUsd > settings.WelcomeCreditTotalUsd => "total",
            var u when u.Day >= settings.WelcomeCreditsPerDay => "day",
            var u when u.Domain >= settings.WelcomeCreditsPerDomainPerDay && !settings.IsShared(newcomer.MailDomain) => "domain",
            var u when newcomer.Network is not null && u.Network >= settings.WelcomeCreditsPerNetworkPerDay => "network",
            _ => null,
        };
    }

    private async Task WithholdAsync(
        NpgsqlConnection connection, Newcomer newcomer, string reason, CancellationToken cancellationToken)
    {
        var isNew = await connection.ExecuteAsync(
            """
            insert into welcome_credits_withheld (organization_id, email_sha256, mail_domain, network, reason, withheld_at)
            values ($1, $2, $3, $4, $5, $6) on conflict (organization_id) do nothing
            """,
            cancellationToken,
            newcomer.OrganizationId, newcomer.EmailHash, newcomer.MailDomain, newcomer.Network, reason, clock.GetUtcNow());
        if (isNew > 0)
        {
            LogWithheld(logger, newcomer.OrganizationId, reason, newcomer.MailDomain, newcomer.Network ?? "none");
        }
    }

    private async Task BookAsync(NpgsqlConnection connection, Newcomer newcomer, CancellationToken cancellationToken)
    {
        var (amount, now) = (options.Value.WelcomeCreditUsd, clock.GetUtcNow());
        var credit = new WalletCredit(
            newcomer.OrganizationId, "welcome_credit", "Welcome credit", "promotion", amount,
            "welcome:" + Convert.ToHexStringLower(newcomer.EmailHash), now);
        if (await LedgerPosting.CreditAsync(connection, credit, cancellationToken) is { } booked)
        {
            await connection.ExecuteAsync(
                """
                insert into welcome_credits (email_sha256, organization_id, transaction_id, amount, granted_at, mail_domain, network)
                values ($1, $2, $3, $4, $5, $6, $7)
                """,
                cancellationToken,
                newcomer.EmailHash, newcomer.OrganizationId, booked, amount, now, newcomer.MailDomain, newcomer.Network);
        }
    }

    [LoggerMessage(1, LogLevel.Warning,
        "{OrganizationId} waits for its welcome credit: the limit by {Reason} is reached (mail domain {MailDomain}, network {Network}).")]
    private static partial void LogWithheld(ILogger logger, Guid organizationId, string reason, string mailDomain, string network);
}

/// <summary>Checks once an hour whether the limits allow waiting credits.</summary>
internal sealed class WaitingCredits(WelcomeCredits welcome) : IScheduledJob
{
    public Task RunOnceAsync(CancellationToken cancellationToken) => welcome.GiveWaitingAsync(cancellationToken);
}

/// <summary>A new organization that may get welcome credit.</summary>
/// <param name="Network">The client's network; null when unknown.</param>
internal sealed record Newcomer(Guid OrganizationId, byte[] EmailHash, string MailDomain, string? Network)
{
    public static Newcomer Of(Guid organizationId, string email, string? network) =>
        new(organizationId, EmailIdentity.Hash(email), EmailIdentity.DomainOf(email), network);
}
