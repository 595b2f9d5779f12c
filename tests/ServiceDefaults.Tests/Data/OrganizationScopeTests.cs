using Microsoft.Extensions.Configuration;
using Npgsql;
using Tollgate.ServiceDefaults.Data;
using Tollgate.Testing;

namespace Tollgate.ServiceDefaults.Tests.Data;

public sealed class OrganizationScopeTests : IAsyncLifetime
{
    private const string Schema = "scopes";
    private const int Organizations = 20;
    private readonly Guid[] _organizations = [.. Enumerable.Range(0, Organizations).Select(_ => Guid.NewGuid())];
    private NpgsqlDataSource _database = null!;

    public async Task InitializeAsync()
    {
        var connectionString = await PostgresServer.CreateDatabaseAsync(Schema, _ => Task.CompletedTask);
        _database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 2, MinPoolSize = 2 }.ConnectionString);
        await using var connection = await _database.OpenForAllAsync(default);
        await connection.ExecuteAsync(
            """
            create table things (organization_id uuid not null, name text not null);
            alter table things enable row level security;
            alter table things force row level security;
            create policy of_organization on things using (
              current_setting('tollgate.organization', true) in ('all', organization_id::text));
            """,
            default);
        await connection.ExecuteAsync("insert into things select unnest($1::uuid[]), 'one'", default, _organizations);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_session_without_a_scope_reads_and_writes_nothing()
    {
        await using var connection = await _database.OpenConnectionAsync();

        Assert.Empty(await ReadAsync(connection));
        Assert.Equal(0, await connection.ExecuteAsync("update things set name = 'two'", default));
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => connection.ExecuteAsync("insert into things values ($1, 'two')", default, _organizations[0]));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_session_of_an_organization_sees_its_rows_and_one_of_everybody_all()
    {
        await using var own = await _database.OpenForAsync(_organizations[3], default);
        await using var all = await _database.OpenForAllAsync(default);

        Assert.Equal([_organizations[3]], await ReadAsync(own));
        Assert.Equal(Organizations, (await ReadAsync(all)).Count);
    }

    [Fact]
    public async Task A_scope_of_a_transaction_ends_with_it()
    {
        await using var connection = await _database.OpenForAsync(_organizations[0], default);
        foreach (var commits in new[] { true, false })
        {
            await using (var transaction = await connection.BeginTransactionAsync())
            {
                await OrganizationScope.All.ApplyToTransactionAsync(connection, default);
                Assert.Equal(Organizations, (await ReadAsync(connection)).Count);
                await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
            }

            Assert.Equal([_organizations[0]], await ReadAsync(connection));
        }
    }

    [Fact]
    public async Task A_pool_of_two_connections_shows_none_of_a_thousand_users_a_foreign_row()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (turn, _) => await UseAsync(turn));

        await using var connection = await _database.OpenConnectionAsync();
        Assert.Empty(await ReadAsync(connection));
    }

    [Theory]
    [InlineData("No Reset On Close=true")]
    [InlineData("Multiplexing=true")]
    [InlineData("Options=-c tollgate.organization=all")]
    public void A_data_source_whose_sessions_could_share_a_scope_is_refused(string setting)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["Postgres:ConnectionString"] = $"Host=127.0.0.1;{setting}" }).Build();

        Assert.Throws<InvalidOperationException>(() => PostgresExtensions.CreateDataSource(configuration));
    }

    /// <summary>One user of the pool. Some forget their scope, fail in a transaction, give up, or leave with an open one.</summary>
    private async Task UseAsync(int turn)
    {
        if (turn % 9 == 0)
        {
            await using var forgetful = await _database.OpenConnectionAsync();
            Assert.Empty(await ReadAsync(forgetful));
            return;
        }

        var own = _organizations[turn % Organizations];
        await using var connection = await _database.OpenForAsync(own, default);
        var transaction = await connection.BeginTransactionAsync();
        switch (turn % 5)
        {
            case 0:
                await OrganizationScope.All.ApplyAsync(connection, default);
                await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync("select 1 / 0", default));
                break;
            case 1:
                await OrganizationScope.All.ApplyAsync(connection, default);
                using (var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(2)))
                {
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(
                        () => connection.ExecuteAsync("select pg_sleep(10)", patience.Token));
                }

                break;
            case 2:
                await OrganizationScope.All.ApplyToTransactionAsync(connection, default);
                await transaction.RollbackAsync();
                Assert.Equal([own], await ReadAsync(connection));
                break;
            case 3:
                await OrganizationScope.All.ApplyAsync(connection, default); // It leaves with everybody's scope and an open transaction.
                break;
            default:
                Assert.Equal([own], await ReadAsync(connection));
                await transaction.CommitAsync();
                Assert.Equal([own], await ReadAsync(connection));
                break;
        }
    }

    private static Task<List<Guid>> ReadAsync(NpgsqlConnection connection) =>
        connection.ReadRowsAsync("select organization_id from things", row => row.GetGuid(0), default);
}
