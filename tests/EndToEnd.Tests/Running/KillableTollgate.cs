using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>A running system that its tests may kill and start again.</summary>
public sealed class KillableTollgate : IAsyncLifetime
{
    public const string Name = "a Tollgate to kill";
    private RunningTollgate? _running;

    internal RunningTollgate Running => _running ?? throw new InvalidOperationException("Not started.");

    /// <summary>The system, started again if the test before left it dead, and answering.</summary>
    internal async Task<RunningTollgate> AliveAsync()
    {
        if (Running.HasExited)
        {
            await Running.StartAgainAsync();
        }

        using var client = Running.Client();
        await Until.TrueAsync(
            async () =>
            (await client.PostAsync(Prompts.Chat, Prompts.France())).Status == HttpStatusCode.OK, "it answers", TimeSpan.FromSeconds(30));
        return Running;
    }

    public async Task InitializeAsync() => _running = await RunningTollgate.StartAsync(
        new Dictionary<string, string> { ["TOLLGATE__Groups__Patience"] = "00:00:10" });

    public async Task DisposeAsync()
    {
        if (_running is not null)
        {
            await _running.DisposeAsync();
        }
    }
}

/// <summary>Names the collection of tests that share a <see cref="KillableTollgate"/>.</summary>
[CollectionDefinition(KillableTollgate.Name)]
public sealed class KillableTollgateTests : ICollectionFixture<KillableTollgate>;
