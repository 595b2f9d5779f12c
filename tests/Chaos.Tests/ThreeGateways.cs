using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests;

/// <summary>One cluster of three gateways and a worker for all tests that leave it whole.</summary>
public sealed class ThreeGateways : IAsyncLifetime
{
    public const string Name = "three gateways";

    public TollgateCluster Cluster { get; private set; } = null!;

    public OperatorClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Cluster = await TollgateCluster.StartAsync(TestFolder.Create("three-gateways"), gateways: 3, workers: 1);
        Client = new OperatorClient(Cluster.Secrets.Bearers["operator"]);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await Cluster.DisposeAsync();
    }
}

[CollectionDefinition(ThreeGateways.Name)]
public sealed class ThreeGatewaysCollection : ICollectionFixture<ThreeGateways>;
