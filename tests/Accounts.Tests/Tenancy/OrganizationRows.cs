using Npgsql;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>Tells whether anything of an organization has changed.</summary>
internal static class OrganizationRows
{
    private const string Owned =
        """
        select table_name from information_schema.columns
        where table_schema = 'accounts' and column_name = 'organization_id' and table_name <> 'sessions'
        """;

    /// <summary>A hash of each table's rows of the organization, its audit log included, and of the accounts of its members. A session only
    /// remembers which organization it shows.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ChecksumAsync(this AccountsHost host, Guid organizationId)
    {
        await using var source = NpgsqlDataSource.Create(host.Postgres);
        await using var connection = await source.OpenForAllAsync(default);
        var tables = new Dictionary<string, string>
        {
            ["organizations"] = "id = $1",
            ["users"] = "id in (select user_id from accounts.memberships where organization_id = $1)",
            ["invitation_projects"] = "invitation_id in (select id from accounts.invitations where organization_id = $1)",
        };
        await using (var command = connection.Command(Owned))
        {
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                tables[reader.GetString(0)] = "organization_id = $1";
            }
        }

        var sums = new Dictionary<string, string>();
        foreach (var (table, condition) in tables)
        {
            await using var command = connection.Command(
                $"select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from accounts.{table} t where {condition}",
                organizationId);
            sums[table] = (string)(await command.ExecuteScalarAsync())!;
        }

        return sums;
    }

    /// <summary>The tables whose rows are others.</summary>
    public static IReadOnlyList<string> Differences(
        IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after) =>
        [.. before.Keys.Where(table => before[table] != after[table]).Select(table => $"rows of {table} changed")];
}
