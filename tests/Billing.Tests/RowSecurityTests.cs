using Npgsql;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests;

public sealed class RowSecurityTests
{
    private const string Schema = "billing";

    [Fact]
    public async Task Every_table_with_an_organization_is_protected_and_every_partition_that_is_made_later()
    {
        var database = await BillingFixture.CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(database));
        await connection.OpenAsync();
        await using var makes = new NpgsqlCommand(
            """
            select ensure_usage_partitions(current_date + 30, current_date + 32)
              + roll_answer_partitions(current_date - 1, current_date + 32)
            """,
            connection);

        Assert.InRange((int)(await makes.ExecuteScalarAsync())!, 3 + 20, 100);
        Assert.Empty(await new RowSecurity(database, Schema).FindUnprotectedAsync());
    }

    [Fact]
    public async Task A_foreign_organization_reads_and_writes_no_row_of_any_table()
    {
        var (leaks, tables) = await new RowSecurity(await BillingFixture.CreateDatabaseAsync(), Schema).FindLeaksAsync();

        Assert.Empty(leaks);
        Assert.Superset(
            new HashSet<string> { "wallets", "usage_events", "usage_events_default", "idempotent_answers" }, tables.ToHashSet());
    }
}
