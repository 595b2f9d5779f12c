using Tollgate.Testing;

namespace Tollgate.Learning.Tests;

public sealed class RowSecurityTests
{
    private const string Schema = "learning";

    [Fact]
    public async Task Every_table_with_an_organization_is_protected() =>
        Assert.Empty(await new RowSecurity(await LearningFixture.CreateDatabaseAsync(), Schema).FindUnprotectedAsync());

    [Fact]
    public async Task A_foreign_organization_reads_and_writes_no_row_of_any_table()
    {
        var (leaks, tables) = await new RowSecurity(await LearningFixture.CreateDatabaseAsync(), Schema).FindLeaksAsync();

        Assert.Empty(leaks);
        Assert.Superset(
            new HashSet<string> { "files", "batch_lines", "job_results", "federated_messages", "responses" }, tables.ToHashSet());
    }
}
