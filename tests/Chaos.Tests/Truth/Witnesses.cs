using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>What the workers' own logs say was generated, by request and attempt.</summary>
internal sealed class Witnesses
{
    private readonly Dictionary<(Guid Request, int Attempt), Units> _units = [];

    /// <summary>Takes down what a worker says.</summary>
    public void Add(Guid requestId, int attempt, Units units) => _units[(requestId, attempt)] = units;

    /// <summary>Units of all requests and attempts, delivered or not.</summary>
    public IEnumerable<Units> All => _units.Values;

    public Units? Find(Guid requestId, int attempt) => _units.TryGetValue((requestId, attempt), out var units) ? units : null;

    public static async Task<Witnesses> ReadAsync(TollgateCluster cluster, OperatorClient client)
    {
        var witnesses = new Witnesses();
        foreach (var worker in cluster.WorkerInternal)
        {
            var position = 0L;
            while (true)
            {
                var page = await client.GetAsync(
                    "inference", $"{worker}/internal/witness?after={position}", ContractsJson.Default.WitnessPage);
                foreach (var entry in page.Entries)
                {
                    witnesses.Add(entry.RequestId, entry.Attempt, entry.Units);
                }

                if (page.Next == position)
                {
                    break;
                }

                position = page.Next;
            }
        }

        return witnesses;
    }
}
