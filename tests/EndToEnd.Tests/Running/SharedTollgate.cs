namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>One running system for all tests that leave it as they found it.</summary>
public sealed class SharedTollgate : IAsyncLifetime
{
    public const string Name = "one running Tollgate";
    private RunningTollgate? _running;

    internal RunningTollgate Running => _running ?? throw new InvalidOperationException("Not started.");

    public async Task InitializeAsync() => _running = await RunningTollgate.StartAsync();

    public async Task DisposeAsync()
    {
        if (_running is not null)
        {
            await _running.DisposeAsync();
        }
    }
}

/// <summary>Names the collection of tests that share a <see cref="SharedTollgate"/>.</summary>
[CollectionDefinition(SharedTollgate.Name)]
public sealed class SharedTollgateTests : ICollectionFixture<SharedTollgate>;
