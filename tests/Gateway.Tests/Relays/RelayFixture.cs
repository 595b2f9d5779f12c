using Microsoft.AspNetCore.Builder;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Learning;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Relays;

/// <summary>A gateway with a real Learning behind it.</summary>
public sealed class RelayFixture : IAsyncLifetime
{
    private string[] _settings = [];
    private GatewayUnderTest? _gateway;

    public WebApplication Learning { get; private set; } = null!;

    internal GatewayUnderTest Gateway => _gateway ?? throw new InvalidOperationException("Not started.");

    public async Task InitializeAsync()
    {
        var connection = await PostgresServer.CreateDatabaseAsync(
            "learning", text => LearningApp.MigrateAsync([$"--Postgres:ConnectionString={text}"], CancellationToken.None));
        _settings =
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("learning"), $"--Postgres:ConnectionString={connection}",
            $"--Storage:Folder={TestFolder.Create("files")}", $"--Sealing:MasterKeys=k1:{new string('a', 64)}",
            "--Files:MaxFileBytes=3000000", "--Background:MaxQueued=3",
        ];
        Learning = LearningApp.Create([.. _settings, "--Background:Concurrency=0"]); // What runs them has a gateway.
        await Learning.StartAsync();
        _gateway = await GatewayUnderTest.StartAsync(
            1, $"--Services:learning={Learning.Url(ListenerKind.Internal)}", "--OpenAi:MaxFileBytes=5000000");
    }

    /// <summary>Another process of Learning, which runs responses in the background.</summary>
    public async Task<IAsyncDisposable> StartRunnerAsync()
    {
        var runner = LearningApp.Create(
        [
            .. _settings, $"--Services:gateway={Gateway.App.Url(ListenerKind.Internal)}", "--Background:Every=00:00:00.050",
            "--Background:LongestPause=00:00:00.100",
        ]);
        await runner.StartAsync();
        return new Runner(runner);
    }

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Learning.StopAsync();
        await Learning.DisposeAsync();
    }

    private sealed class Runner(WebApplication app) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }
}
