using Npgsql;
using StackExchange.Redis;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.LocalServers.Tests;

public sealed class LocalServersTests
{
    [Fact]
    public async Task CreateDatabaseAsync_gives_a_role_its_own_schema_and_no_other()
    {
        var connectionString = await PostgresServer.CreateDatabaseAsync("billing", _ => Task.CompletedTask);

        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand("create table things (id int); select current_schema()", connection);
        await create.ExecuteNonQueryAsync();
        await using var outside = new NpgsqlCommand("create table public.things (id int)", connection);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => outside.ExecuteNonQueryAsync());
        Assert.Equal("42501", refused.SqlState); // insufficient_privilege
    }

    [Fact]
    public async Task RestartAsync_comes_back_on_the_same_port_and_empty()
    {
        await using var redis = await RedisServer.StartAsync();
        await using (var before = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString))
        {
            await before.GetDatabase().StringSetAsync("till", 1);
        }

        await redis.RestartAsync();

        await using var after = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        Assert.False(await after.GetDatabase().KeyExistsAsync("till"));
    }

    [Fact]
    public async Task StartAsync_keeps_the_data_of_a_server_that_was_killed()
    {
        var folder = TestFolder.Create("killed");
        var postgres = new PrivatePostgres(folder, "secret");
        var port = FreePort.Next();
        using (var first = await postgres.StartAsync(port, [], CancellationToken.None))
        {
            await using var connection = new NpgsqlConnection(postgres.ConnectionString(port) + ";Pooling=false");
            await connection.OpenAsync();
            await using var write = new NpgsqlCommand("create table kept (n int); insert into kept values (7)", connection);
            await write.ExecuteNonQueryAsync();
            await first.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(5));
        }

        using var second = await postgres.StartAsync(port, [], CancellationToken.None);
        await using var again = new NpgsqlConnection(postgres.ConnectionString(port) + ";Pooling=false");
        await again.OpenAsync();
        await using var read = new NpgsqlCommand("select n from kept", again);
        Assert.Equal(7, await read.ExecuteScalarAsync());
        await second.StopAsync(ChildSignal.Interrupt, TimeSpan.FromSeconds(10));
    }
}
