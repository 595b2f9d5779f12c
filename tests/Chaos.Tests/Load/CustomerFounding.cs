using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>
/// Makes the customers of a run. Accounts has no internal endpoint that founds organizations, and its portal wants a person's clicks: their
/// rows are written as Accounts writes them. Wallets are opened by Billing's endpoint; their credit is booked as a ledger transaction of
/// any amount, which top-ups (5 dollars at least) cannot be.
/// </summary>
internal sealed class CustomerFounding(TollgateCluster cluster, OperatorClient client, TimeProvider clock)
{
    private const string FoundSql =
        """
        with organization as (insert into accounts.organizations (id, name, created_at, created_by) values ($1, $3, now(), $1)),
        project as (
          insert into accounts.projects (id, organization_id, name, is_default, limits, created_at)
          values ($2, $1, 'Default', true, '{}', now()))
        insert into accounts.organization_policies (organization_id, version, suspended, limits, models)
        values ($1, $4, false, '{}', '{}')
        """;

    private const string KeySql =
        """
        insert into accounts.api_keys (id, organization_id, project_id, public_id, name, state, version, secrets, limits, created_at)
        values ($1, $2, $3, $4, 'chaos', 0, $5, $6, $7, now())
        """;

    private const string CreditSql =
        """
        with booked as (
          insert into billing.ledger_transactions (organization_id, id, kind, description, reference)
          values ($1, $2, 'welcome_credit', 'Credit of the chaos harness', 'chaos:' || $1::text)),
        entered as (
          insert into billing.ledger_entries (organization_id, transaction_id, account, amount)
          values ($1, $2, 'wallet', $3), ($1, $2, 'promotion', -$3)),
        balances as (
          insert into billing.ledger_accounts (organization_id, account, balance) values ($1, 'wallet', $3), ($1, 'promotion', -$3))
        update billing.wallets set balance = balance + $3 where organization_id = $1
        """;

    /// <summary>Ten organizations: some rich, some that run dry; the rich ones with keys whose budgets run dry too.</summary>
    /// <param name="minutes">How long the run is: what is to run dry grows with it.</param>
    public async Task<IReadOnlyList<Customer>> FoundAsync(double minutes)
    {
        var size = Math.Max(1, (long)minutes);
        List<Customer> customers = [];
        for (var i = 0; i < 4; i++)
        {
            customers.Add(await FoundOneAsync($"rich-{i + 1}", 5m, [null, null, 1_000_000 * size, 300_000 * size]));
        }

        for (var i = 0; i < 6; i++)
        {
            customers.Add(await FoundOneAsync($"small-{i + 1}", 0.0004m * (i + 1) * size, [null, 250_000 * size]));
        }

        return customers;
    }

    /// <summary>One organization with a key for each budget; null is a key without one.</summary>
    public async Task<Customer> FoundOneAsync(string name, decimal creditUsd, long?[] budgetsNanoUsd)
    {
        var now = clock.GetUtcNow();
        var customer = new Customer(Guid.CreateVersion7(now), Guid.CreateVersion7(now), name, creditUsd, creditUsd >= 1);
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync();
        await ExecuteAsync(connection, FoundSql, customer.OrganizationId, customer.ProjectId, name, Guid.CreateVersion7(now));
        foreach (var budget in budgetsNanoUsd)
        {
            var key = customer.AddKey(Guid.CreateVersion7(now), budget, out var secret);
            await ExecuteAsync(
                connection, KeySql, key.KeyId, customer.OrganizationId, customer.ProjectId, key.PublicId, Guid.CreateVersion7(now),
                Json($$"""[{"mac":"{{Seal(secret)}}","pepperId":"{{cluster.Secrets.Peppers.Split(':')[0]}}"}]"""),
                Json(budget is { } most ? string.Create(CultureInfo.InvariantCulture, $$"""{"budgetPerMonthNanoUsd":{{most}}}""") : "{}"));
        }

        await client.PutAsync(
            "billing", $"{cluster.BillingInternal}/internal/organizations/{customer.OrganizationId}/wallet", new OpenWallet(name, null),
            ContractsJson.Default.OpenWallet);
        await ExecuteAsync(connection, CreditSql, customer.OrganizationId, Guid.CreateVersion7(now), creditUsd);
        return customer;
    }

    private static NpgsqlParameter Json(string text) => new() { Value = text, NpgsqlDbType = NpgsqlDbType.Jsonb };

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter as NpgsqlParameter ?? new NpgsqlParameter { Value = parameter });
        }

        await command.ExecuteNonQueryAsync();
    }

    private string Seal(string secret) =>
        Convert.ToBase64String(ApiKeyText.Mac(Convert.FromHexString(cluster.Secrets.Peppers.Split(':')[1]), secret));
}
