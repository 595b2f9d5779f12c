using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Ledger;

/// <summary>
/// Posts money that enters a wallet: one ledger transaction and the wallet's new balance. Usage is posted by <c>Ingest/BookStage.sql</c>.
/// </summary>
internal static class LedgerPosting
{
    /// <summary>Credits a wallet in the caller's transaction, at most once per reference. The wallet must exist.</summary>
    /// <returns>The new transaction's id; null when this reference was booked before.</returns>
    public static async Task<Guid?> CreditAsync(NpgsqlConnection connection, WalletCredit credit, CancellationToken cancellationToken)
    {
        // Takes the row lock first, as every writer of an organization's money does.
        await connection.ExecuteAsync("select from wallets where organization_id = $1 for update", cancellationToken,
            credit.OrganizationId);
        var id = Guid.CreateVersion7(credit.At);
        var inserted = await connection.ExecuteAsync(
            """
            insert into ledger_transactions (organization_id, id, kind, description, at, reference) values ($1, $2, $3, $4, $5, $6)
            on conflict (reference) do nothing
            """,
            cancellationToken,
            credit.OrganizationId, id, credit.Kind, credit.Description, credit.At, credit.Reference);
        if (inserted == 0)
        {
            return null;
        }

        await connection.ExecuteAsync(
            """
            with entries as (
              insert into ledger_entries (organization_id, transaction_id, account, amount)
              values ($1, $2, 'wallet', $4), ($1, $2, $3, -$4)
              returning account, amount
            ), balances as (
              insert into ledger_accounts as a (organization_id, account, balance)
              select $1, account, amount from entries order by 2
              on conflict (organization_id, account) do update set balance = a.balance + excluded.balance
            )
            update wallets set balance = balance + $4 where organization_id = $1
            """,
            cancellationToken,
            credit.OrganizationId, id, credit.Source, credit.Amount);
        return id;
    }
}

/// <summary>One credit.</summary>
/// <param name="Source">The account that gives the money: <c>stripe_clearing</c> or <c>promotion</c>.</param>
/// <param name="Amount">US dollars, above zero.</param>
/// <param name="Reference">Identifies the payment or promotion; unique over all organizations.</param>
internal sealed record WalletCredit(
    Guid OrganizationId, string Kind, string Description, string Source, decimal Amount, string Reference, DateTimeOffset At);
