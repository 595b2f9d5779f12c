using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Learning;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.FederatedKit.Tests;

/// <summary>A real Learning on a database of its own, behind a front door.</summary>
public sealed class FederatedFixture : IAsyncLifetime
{
    private string _connection = "";

    public WebApplication Learning { get; private set; } = null!;

    internal FrontDoor Door { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _connection = await PostgresServer.CreateDatabaseAsync(
            "learning", text => LearningApp.MigrateAsync([$"--Postgres:ConnectionString={text}"], CancellationToken.None));
        Learning = await StartAsync();
        Door = await FrontDoor.OpenAsync(new Uri(Learning.Url(ListenerKind.Internal)));
    }

    public async Task DisposeAsync()
    {
        await Door.DisposeAsync();
        await Learning.StopAsync();
        await Learning.DisposeAsync();
        await ForeignReplay.RunAsync(_connection);
    }

    /// <summary>Stops Learning, and starts it again on the same database.</summary>
    public async Task RestartAsync()
    {
        await Learning.StopAsync();
        await Learning.DisposeAsync();
        Learning = await StartAsync();
        Door.Behind = new Uri(Learning.Url(ListenerKind.Internal));
    }

    /// <summary>First column of the first row.</summary>
    public async Task<T?> ReadAsync<T>(string sql, params object[] values)
    {
        await using var connection = await Learning.Services.GetRequiredService<NpgsqlDataSource>().OpenForAllAsync(default);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return await command.ExecuteScalarAsync() is T found ? found : default;
    }

    private async Task<WebApplication> StartAsync()
    {
        var app = LearningApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("learning"), $"--Postgres:ConnectionString={_connection}",
            $"--Storage:Folder={TestFolder.Create("files")}", $"--Sealing:MasterKeys=k1:{new string('a', 64)}",
            "--Batches:Batches=0", "--Federated:Every=00:00:00.050",
        ]);
        await app.StartAsync();
        return app;
    }
}
