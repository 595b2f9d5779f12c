using Npgsql;
using Tollgate.Accounts.Departures;

namespace Tollgate.Accounts.Tests.Departures;

public sealed class OwnedRowsTests
{
    /// <summary>Tables with a foreign key to a table, or to one of its children that stand for it.</summary>
    private const string Referring =
        """
        select distinct r.relname from pg_constraint c join pg_class r on r.oid = c.conrelid
        where c.contype = 'f' and c.confrelid = any($1::regclass[]) order by 1
        """;

    [Fact]
    public async Task Every_table_that_refers_to_a_person_or_an_organization_is_deleted_or_kept_on_purpose()
    {
        await using var source = NpgsqlDataSource.Create(await AccountsHost.CreateDatabaseAsync());

        var ofPersons = await ReadAsync(source, "accounts.users", "accounts.memberships");
        var ofOrganizations = await ReadAsync(source, "accounts.organizations", "accounts.projects", "accounts.memberships");

        Assert.Empty(ofPersons.Except(OwnedRows.OfPerson));
        Assert.Empty(ofOrganizations.Except([
            .. OwnedRows.OfOrganization, .. OwnedRows.KeptOfOrganization,
            "invitation_projects", // Goes with its invitation.
        ]));
    }

    private static async Task<List<string>> ReadAsync(NpgsqlDataSource source, params string[] tables)
    {
        await using var command = source.CreateCommand(Referring);
        command.Parameters.Add(new NpgsqlParameter { Value = tables });
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync())
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }
}
