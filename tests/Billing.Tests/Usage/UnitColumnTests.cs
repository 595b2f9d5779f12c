using System.Text.RegularExpressions;
using Npgsql;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Tests.Usage;

/// <summary>Tables and statements against the table of unit kinds.</summary>
public sealed class UnitColumnTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Theory]
    [InlineData("usage_events")]
    [InlineData("usage_rollup_hours")]
    [InlineData("witness_entries")]
    public async Task A_table_of_usage_has_a_count_of_each_kind_in_their_order(string table) =>
        Assert.Equal(UnitKind.All.Select(kind => kind.Column), await ColumnsAsync(table, kind => kind.Column));

    [Fact]
    public async Task The_price_book_has_a_price_of_each_kind_in_their_order() =>
        Assert.Equal(UnitKind.All.Select(kind => kind.PriceColumn), await ColumnsAsync("price_versions", kind => kind.PriceColumn));

    [Fact]
    public void A_statement_that_names_some_kinds_names_all()
    {
        var assembly = typeof(BillingApp).Assembly;
        var statements = assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal) && !name.Contains(".Migrations.", StringComparison.Ordinal))
            .Select(name => (Name: name, Text: new StreamReader(assembly.GetManifestResourceStream(name)!).ReadToEnd())).ToList();
        string[] tokens = ["input", "cached", "output", "reasoning"];

        Assert.All(statements, statement => Assert.True(
            !Names(statement.Text, "cached", "reasoning") || tokens.All(kind => Names(statement.Text, kind)), statement.Name));
        Assert.All(statements, statement => Assert.True(
            !Names(statement.Text, "audio_ms", "images?")
                || UnitKind.All.All(kind => Names(statement.Text, kind.Column, kind.PriceColumn)),
            statement.Name));
        Assert.Contains(statements, statement => Names(statement.Text, "audio_ms"));
    }

    private static bool Names(string statement, params string[] columns) =>
        Regex.IsMatch(statement, $@"\b({string.Join('|', columns)})\b");

    private async Task<List<string>> ColumnsAsync(string table, Func<UnitKind, string> column)
    {
        await using var connection = await billing.Everything.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            select column_name from information_schema.columns
            where table_schema = 'billing' and table_name = $1 and column_name = any ($2) order by ordinal_position
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter { Value = table },
                new NpgsqlParameter { Value = UnitKind.All.Select(column).ToArray() },
            },
        };
        await using var rows = await command.ExecuteReaderAsync();
        List<string> names = [];
        while (await rows.ReadAsync())
        {
            names.Add(rows.GetString(0));
        }

        return names;
    }
}
