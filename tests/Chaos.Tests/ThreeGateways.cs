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
        Cluster = await TollgateCluster.StartAsync(TestFolder.Create("three-gateways"), new ClusterPlan
        {
            Gateways = 3,
            Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                // A busy machine must not look like a part that is away.
                ["gateway"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Redis__Timeout"] = "00:00:01", ["TOLLGATE__Till__LeaseWait"] = "00:00:05",
                },
            },
        });
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
